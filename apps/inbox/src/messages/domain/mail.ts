import type { Content, MailReply } from '@huiliu/contracts';

type MailContent = Extract<Content, { kind: 'email' }>;
type Address = MailReply['to'][number];

/** So much of a mail is quoted below the answer to it, in characters. */
const QUOTED = 20_000;
/** A mail of more characters is shown cut to `BRIEF` where it only stands for its conversation. */
const LONG = 4000;
const BRIEF = 500;

/**
 * Whether a mail only reacts to another, with nobody behind it who waits. Mailing lists are not among these: a support address behind a list
 * gets every customer's mail marked so.
 */
export function isReaction(content: Content): boolean {
  return content.kind === 'email' && content.automatic !== undefined && content.automatic !== 'list';
}

/**
 * A message's content as lists and conversations show it: a long mail is cut to its beginning, since every change of its conversation would
 * carry all of it again.
 */
export function brief(content: Content): Content {
  if (content.kind !== 'email') return content;
  const { quoted: folded = '', html, text } = content;
  if (html.length + text.length + folded.length <= LONG) return content;
  const { quoted: _folded, ...rest } = content;
  return { ...rest, html: '', text: beginning(text, BRIEF) };
}

/** Whom an answer to a mail goes to: where its sender wants it, unless that is ourselves. */
export function recipientOf(mail: MailContent, isOurs: (address: string) => boolean): Address | null {
  for (const address of [mail.replyTo, mail.from])
    if (address !== undefined && address.address !== '' && !isOurs(address.address)) return address;
  return null;
}

/** Who gets a copy of the answer: whom the mail named, but for ourselves and who gets the answer anyway. */
export function copiesOf(mail: MailContent, to: Address, isOurs: (address: string) => boolean): string[] {
  const seen = new Set([to.address.toLowerCase()]);
  return mail.cc.filter((copy) => {
    const address = addressIn(copy);
    if (address === '' || isOurs(address) || seen.has(address)) return false;
    seen.add(address);
    return true;
  });
}

/** Whether an address is this one of ours, with or without something after a plus sign. */
export function sameMailbox(ours: string, address: string): boolean {
  return mailbox(ours) === mailbox(address);
}

/** What of a mail is quoted below the answer to it. */
export function quoted(text: string): string {
  return beginning(text, QUOTED);
}

/** The beginning of a text, whole characters only. */
function beginning(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}

/** `小李 <li@example.com>` as headers write it, or the bare address. */
export function displayAddress({ name, address }: Address): string {
  return name === '' ? address : `${name} <${address}>`;
}

/** The address in `Name <address>` or in a bare one, in lower case. */
function addressIn(text: string): string {
  return (/<([^<>]*)>\s*$/.exec(text)?.[1] ?? text).trim().toLowerCase();
}

function mailbox(address: string): string {
  const at = address.lastIndexOf('@');
  const local = address.slice(0, at).split('+', 1)[0] ?? '';
  return `${local}${address.slice(at)}`.toLowerCase();
}
