import type Mail from 'nodemailer/lib/mailer';
import type { Attachment } from '@huiliu/contracts';
import type { Encoders, SendPart } from '@huiliu/connector-kit';
import type { definition, EmailConfig } from './definition';
import { composeMail } from './mime/compose';

/** What one message says, before it is made a mail. */
export interface MailDraft {
  readonly text: string;
  readonly file: Attachment | null;
}

interface WithFile {
  readonly content: { readonly text: string; readonly attachment?: Attachment };
}

const withFile = ({ content }: WithFile): MailDraft => ({ text: content.text, file: content.attachment ?? null });

export const encoders: Encoders<typeof definition, MailDraft> = {
  text: ({ content }) => ({ text: content.text, file: null }),
  image: withFile,
  audio: withFile,
  video: withFile,
  file: withFile,
};

/** What a mail needs to know beside what it says. */
export interface Sender {
  readonly name: string;
  readonly config: EmailConfig;
  readonly messageId: string;
  /** An address with a token of the conversation; null where there is none. */
  readonly replyTo: string | null;
  readonly date: Date;
}

/**
 * The mail that brings a message into its thread. Its file is named and has no content yet: that comes as it is sent. Throws when nobody is
 * left to write to.
 */
export function mailOf(draft: MailDraft, part: Omit<SendPart, 'content'>, sender: Sender): Mail.Options {
  const { config } = sender;
  const { mail } = part;
  const language = config.language ?? 'zh';
  return composeMail({
    from: { name: sender.name, address: config.address },
    ourAddresses: [],
    // A conversation that no mail began (or a command from before mails had threads) goes to its contact.
    to: mail === undefined || mail.to.length === 0 ? [{ name: '', address: part.remoteContactId }] : mail.to,
    cc: mail?.cc ?? [],
    replyTo: sender.replyTo,
    subject: mail?.subject ?? '',
    text: draft.text,
    messageId: sender.messageId,
    inReplyTo: part.inReplyTo,
    references: mail?.references ?? [],
    quote: mail?.quote ?? null,
    signature: config.signature ?? null,
    language,
    timeZone: language === 'zh' ? 'Asia/Shanghai' : 'UTC',
    attachments:
      draft.file === null ? [] : [{ name: draft.file.name, mime: draft.file.mime, content: Buffer.alloc(0) }],
    automatic: part.authorType === 'auto',
    date: sender.date,
  });
}
