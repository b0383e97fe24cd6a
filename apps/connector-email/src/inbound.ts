import { MessageReceived, type Attachment } from '@huiliu/contracts';
import type { InboundEvent } from '@huiliu/connector-kit';
import type { definition } from './definition';
import { idOfSource, type OwnIds, type RemoteMessageId, remoteMessageId } from './ids';
import { isAddress, type MailAddress } from './mime/addresses';
import type { ParsedMail } from './mime/parse-mail';
import { type EmailContent, mailToContent, type StoredFiles } from './mime/to-event';

type MailEvent = Extract<InboundEvent<typeof definition>, { type: 'message.received' }>;

/** The mailbox that a mail came to. */
export interface Recipient {
  readonly accountId: string;
  readonly address: string;
  readonly ids: OwnIds;
}

/** What the server knows of a mail, and when it is read. */
export interface Arrival {
  readonly arrivedAt: Date | null;
  readonly now: Date;
}

/** What the bus takes as one record, with room for what is wrapped around it. */
const MOST_BYTES = 700_000;
const MOST_REFERENCES = 200;
/** Of a source that cannot be read; the whole is attached where it could be kept. */
const MOST_RAW = 20_000;
/** A sender's clock may be ahead by so much. */
const AHEAD_MS = 10 * 60_000;
/** For mails that name nobody. */
const NOBODY = 'unknown@unknown.invalid';

/**
 * A mail as a message: a customer's, or one that one of us wrote from the mailbox itself to somebody else. Its thread is named by what we can prove
 * (a token in an address, a Message-ID of ours) and by the mails it answers.
 */
export function toMessage(mail: ParsedMail, files: StoredFiles, to: Recipient, arrival: Arrival): MailEvent {
  const ours = to.address.toLowerCase();
  const addressee = mail.to.concat(mail.cc).find(({ address }) => address !== '' && !isOurs(address, ours));
  const external = mail.from.address.toLowerCase() === ours && addressee !== undefined;
  const person = external ? addressee : mail.from;
  const place = placeOf(remoteMessageId(mail.id), person);
  return withStringsOfItsOwn({
    type: 'message.received',
    // Every mail names a conversation of its own, so that alone would keep no two of them in order.
    orderBy: place.contact.remoteId,
    data: {
      ...place,
      direction: external ? 'outbound' : 'inbound',
      content: fitting(mailToContent(mail, files)),
      ...(mail.from.name === '' ? {} : { authorName: mail.from.name.slice(0, 255) }),
      sentAt: sentAtOf(mail.date, arrival).toISOString(),
      thread: threadOf(mail, to.ids),
    },
  });
}

/** The same event, made of new strings: a part of a text holds the whole text in memory, for as long as the event lies in a queue or a cache. */
const withStringsOfItsOwn = (event: MailEvent): MailEvent => JSON.parse(JSON.stringify(event)) as MailEvent;

/** A mail that cannot be shown as one: what it was, and the beginning of its source. */
export function unreadable(
  source: Buffer,
  kept: Attachment | null,
  given: { readonly id: string | null; readonly why: string },
  arrival: Arrival,
): MailEvent {
  const text = source.subarray(0, MOST_RAW).toString('latin1').replaceAll('\u0000', '');
  const named = /^from:[^\r\n]*?([^\s<>@"(),;:]+@[^\s<>@"(),;:]+)/im.exec(text)?.[1] ?? '';
  const remoteId = idOfSource(given.id ?? source);
  const place = placeOf(remoteId, { name: '', address: isAddress(named) ? named : '' });
  const shown = {
    text: `这封邮件无法读取 This mail cannot be read (${given.why.slice(0, 300)})`,
    sentAt: sentAtOf(null, arrival).toISOString(),
  };
  return {
    type: 'message.received',
    orderBy: place.contact.remoteId,
    data: {
      ...place,
      content:
        kept === null
          ? { kind: 'unsupported', text: shown.text, platformType: 'message/rfc822', raw: text }
          : { kind: 'email', text: shown.text, subject: '', html: '', attachments: [], cc: [], source: kept },
      sentAt: shown.sentAt,
    },
  };
}

/** Whether the contract takes an event: one that it does not must not stop the mailbox. Null when it does, else why not. */
export function refusalOf(event: MailEvent, accountId: string): string | null {
  const checked = MessageReceived.safeParse({ ...event.data, accountId, channel: 'email' });
  if (checked.success) return null;
  return checked.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
}

function placeOf(remoteId: RemoteMessageId, { name, address }: MailAddress) {
  return {
    remoteConversationId: remoteId,
    remoteId,
    contact: {
      remoteId: address.toLowerCase() || NOBODY,
      ...(name === '' ? {} : { name: name.slice(0, 255) }),
    },
  };
}

function threadOf(mail: ParsedMail, ids: OwnIds): MailEvent['data']['thread'] {
  const answered = [...(mail.inReplyTo === null ? [] : [mail.inReplyTo]), ...[...mail.references].reverse()];
  const references = [...new Set(answered)].filter((id) => id !== mail.id);
  const conversationId =
    ids.conversationOf(mail.deliveredTo) ??
    references.map((id) => ids.read(id)).find((own) => own !== null)?.conversationId;
  return {
    references: references.slice(0, MOST_REFERENCES),
    ...(conversationId === undefined ? {} : { conversationId }),
  };
}

/** `name+anything@domain` is ours as well. */
const isOurs = (address: string, ours: string): boolean =>
  [address.toLowerCase(), address.toLowerCase().replace(/\+[^@]*(?=@)/, '')].includes(ours);

function sentAtOf(date: Date | null, { arrivedAt, now }: Arrival): Date {
  // Nobody has written in the future.
  if (date !== null && date.getTime() <= now.getTime() + AHEAD_MS) return date;
  return arrivedAt ?? now;
}

/** A content that the bus can carry. What is left out can be read in the source. */
function fitting(content: EmailContent): EmailContent {
  let fit = content;
  const omit = (change: Partial<EmailContent>, what: string): void => {
    const less = { ...fit, ...change };
    if (sizeOf(fit) <= MOST_BYTES || sizeOf(less) === sizeOf(fit)) return;
    fit = { ...less, omitted: [...(fit.omitted ?? []).slice(0, 49), `${what} is too long to be shown`] };
  };
  omit({ quoted: undefined }, 'the quoted text');
  omit({ html: '' }, 'the HTML');
  omit({ text: content.text.slice(0, 100_000).toWellFormed() }, 'the rest of the text');
  omit({ attachments: content.attachments.slice(0, 100), to: [], cc: [] }, 'the list of files and people');
  return fit;
}

const sizeOf = (content: EmailContent): number => Buffer.byteLength(JSON.stringify(content));
