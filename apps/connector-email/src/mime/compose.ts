import type Mail from 'nodemailer/lib/mailer';
import { isAddress, type MailAddress, uniqueAddresses } from './addresses';
import { cleanLine, cutText } from './clean-text';
import { fileNameOf } from './parameters';
import { answerSubject, type QuotedMail, type QuoteLanguage, replyText } from './reply-text';

/** What makes one mail of ours. */
export interface Composition {
  /** Of the account. */
  readonly from: MailAddress;
  /** Addresses that are ours beside `from`: never written to. */
  readonly ourAddresses: readonly string[];
  readonly to: readonly MailAddress[];
  readonly cc: readonly string[];
  /** An address with a token of ours; null where the account has none. */
  readonly replyTo: string | null;
  /** The last one of the thread. */
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
  /** The customer's latest mail. */
  readonly inReplyTo: string | null;
  /** The whole chain, oldest first. */
  readonly references: readonly string[];
  readonly quote: QuotedMail | null;
  readonly signature: string | null;
  readonly language: QuoteLanguage;
  readonly timeZone: string;
  readonly attachments: readonly { readonly name: string; readonly mime: string; readonly content: Buffer }[];
  /** Written by a rule: the mail says so, and what cannot be delivered does not come back. */
  readonly automatic: boolean;
  readonly date: Date;
}

/** Ids and characters of a References header: servers refuse headers that are too large. */
const MAX_REFERENCES = 40;
const MAX_REFERENCES_LENGTH = 3_600;
const MAX_ADDRESSES = 200;

const isMessageId = (id: string): boolean => /^<[^<>\s\u0000-\u001f\u007f]{1,510}>$/.test(id);

/** A chain that ends with the mail that is answered; of a long one its first id and as many of its last ones as have room. */
function chainOf(references: readonly string[], inReplyTo: string | null): string[] {
  const all = [...references.filter((id) => id !== inReplyTo), ...(inReplyTo === null ? [] : [inReplyTo])];
  const [first, ...rest] = [...new Set(all.filter(isMessageId))];
  if (first === undefined) return [];
  const last: string[] = [];
  let room = MAX_REFERENCES_LENGTH - first.length;
  for (const id of rest.reverse()) {
    room -= id.length + 1;
    if (room < 0 || last.length >= MAX_REFERENCES - 1) break;
    last.unshift(id);
  }
  return [first, ...last];
}

/** Whether an address is ours, a plus address of ours too. */
function oursOf(composition: Composition): (address: string) => boolean {
  const ours = new Set([composition.from.address, ...composition.ourAddresses].map((address) => address.toLowerCase()));
  return (address) => {
    const plain = address.toLowerCase();
    return ours.has(plain) || ours.has(plain.replace(/\+[^@]*(?=@)/, ''));
  };
}

const toMailbox = ({ name, address }: MailAddress): MailAddress => ({
  name: cutText(cleanLine(name), 255),
  address: address.trim(),
});

/** Nodemailer writes parts of these kinds as they are; bytes that must come out as they went in are plain files. */
const safeMime = (mime: string): string =>
  /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.test(mime) && !/^(?:message|multipart)\//i.test(mime)
    ? mime
    : 'application/octet-stream';

/** Base64 where most letters would be escapes; else quoted-printable, which people can read in a source. */
function encodingOf(text: string): 'base64' | 'quoted-printable' {
  const foreign = text.match(/[^\x00-\x7f]/g)?.length ?? 0;
  return foreign * 6 > text.length ? 'base64' : 'quoted-printable';
}

const AUTOMATIC_HEADERS = {
  'Auto-Submitted': 'auto-replied',
  'X-Auto-Response-Suppress': 'All',
  Precedence: 'bulk',
};

/**
 * The mail that answers in a thread, as nodemailer takes it. Pure: the same composition makes the same mail. Nothing that a customer or an agent wrote
 * (subject, names, addresses, file names) can begin another header line; what is no address is left out. Throws when nobody is left to write to.
 */
export function composeMail(composition: Composition): Mail.Options {
  const isOurs = oursOf(composition);
  const reachable = (people: readonly MailAddress[]): MailAddress[] =>
    uniqueAddresses(people.map(toMailbox).filter(({ address }) => isAddress(address))).slice(0, MAX_ADDRESSES);
  const asked = reachable(composition.to);
  const others = asked.filter(({ address }) => !isOurs(address));
  // Someone who writes to himself through us gets his answer.
  const to = others.length > 0 ? others : asked;
  if (to.length === 0) throw new Error('a mail needs an address to go to');
  const known = new Set(to.map(({ address }) => address.toLowerCase()));
  const cc = reachable(composition.cc.map((address) => ({ name: '', address }))).filter(
    ({ address }) => !isOurs(address) && !known.has(address.toLowerCase()),
  );
  const inReplyTo = composition.inReplyTo !== null && isMessageId(composition.inReplyTo) ? composition.inReplyTo : null;
  const references = chainOf(composition.references, inReplyTo);
  const { text, html } = replyText(composition);
  const from = toMailbox(composition.from);
  const recipients = [...to, ...cc].map(({ address }) => address);
  return {
    from,
    to,
    ...(cc.length > 0 ? { cc } : {}),
    ...(composition.replyTo !== null && isAddress(composition.replyTo)
      ? { replyTo: { name: from.name, address: composition.replyTo } }
      : {}),
    envelope: { from: composition.automatic ? '' : from.address, to: recipients },
    subject: answerSubject(composition.subject),
    messageId: composition.messageId,
    ...(inReplyTo === null ? {} : { inReplyTo }),
    ...(references.length > 0 ? { references } : {}),
    date: composition.date,
    text,
    html,
    textEncoding: encodingOf(text),
    headers: composition.automatic ? AUTOMATIC_HEADERS : {},
    attachments: composition.attachments.map(({ name, mime, content }) => ({
      filename: fileNameOf(name) ?? 'file',
      content,
      contentType: safeMime(mime),
      contentDisposition: 'attachment',
      contentTransferEncoding: 'base64',
    })),
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
