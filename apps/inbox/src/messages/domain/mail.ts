import type { Content, MailReply } from '@huiliu/contracts';

type MailContent = Extract<Content, { kind: 'email' }>;
type Address = MailReply['to'][number];

/** So much of a mail is quoted below the answer to it, in characters. */
const QUOTED = 20_000;

/**
 * Whether a mail only reacts to another, with nobody behind it who waits. Mailing lists are not among these: a support address behind a list
 * gets every customer's mail marked so.
 */
export function isReaction(content: Content): boolean {
  return content.kind === 'email' && content.automatic !== undefined && content.automatic !== 'list';
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

/** The beginning of what a mail says, whole characters only. */
export function quoted(text: string): string {
  if (text.length <= QUOTED) return text;
  const cut = text.slice(0, QUOTED);
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
