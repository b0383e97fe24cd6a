import MailComposer from 'nodemailer/lib/mail-composer';
import { badRequest } from '@huiliu/platform';
import type { WriteMail } from './mail-schemas';
import type { MailStore } from './store/mail-store';
import { linksOf } from './threads';
import type { UploadedFiles } from './uploaded-files';

const MOST_REFERENCES = 20;

/** What a customer's mail program does with a mail: makes it, keeps a copy and hands it to everyone's server. */
export async function writeMail(
  mails: MailStore,
  files: UploadedFiles,
  mail: WriteMail,
): Promise<{ readonly id: number; readonly messageId: string }> {
  const attachments = mail.attachments.map((id, index) => {
    const file = files.get(id);
    if (file !== undefined) return { filename: file.name, contentType: file.mime, content: file.bytes };
    throw badRequest('invalid', 'the file is not there any more, attach it again', [
      { path: `attachments.${index}`, message: 'unknown' },
    ]);
  });
  const composed = new MailComposer({
    from: mail.from,
    to: mail.to,
    cc: mail.cc,
    subject: mail.subject,
    text: mail.text,
    ...(mail.html === undefined ? {} : { html: mail.html, attachDataUrls: true }),
    ...threading(mails, mail),
    attachments,
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  const messageId = composed.messageId();
  const raw = await composed.build();
  const { id } = mails.keepSent(mail.from.address, raw);
  mails.deliver({ from: mail.from.address, to: [...mail.to, ...mail.cc] }, raw);
  return { id, messageId };
}

/** In-Reply-To and References as RFC 5322 §3.6.4 builds them. */
function threading(mails: MailStore, mail: WriteMail): { inReplyTo?: string; references?: string[] } {
  if (mail.answers === undefined) return {};
  const answered = mails.peek(mail.from.address)?.find(mail.answers);
  if (answered === undefined)
    throw badRequest('invalid', 'the mail that this one answers is not there any more', [
      { path: 'answers', message: 'unknown' },
    ]);
  const { messageId, references, inReplyTo } = linksOf(answered.raw);
  if (messageId === null) return {};
  const chain = references.length > 0 ? references : inReplyTo === null ? [] : [inReplyTo];
  const ids = [...chain.slice(0, 1), ...chain.slice(1).slice(-MOST_REFERENCES), messageId];
  return { inReplyTo: `<${messageId}>`, references: ids.map((id) => `<${id}>`) };
}
