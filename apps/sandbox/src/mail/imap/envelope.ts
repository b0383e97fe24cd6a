import addressparser from 'nodemailer/lib/addressparser';
import { type HeaderField } from '../headers';

/** A string as IMAP writes it: quoted where it can be, else a literal; nothing is NIL. Text is one letter per byte. */
export function stringOf(text: string | undefined): string {
  if (text === undefined) return 'NIL';
  if (/^[\x20-\x7e]{0,1000}$/.test(text)) return `"${text.replace(/["\\]/g, '\\$&')}"`;
  return `{${text.length}}\r\n${text}`;
}

const MOST_ADDRESSES = 200;

/** What FETCH answers as ENVELOPE (RFC 3501 §7.4.2): the fields as they stand in the mail, not decoded. */
export function envelopeOf(fields: readonly HeaderField[]): string {
  const value = (name: string): string | undefined => fields.find((field) => field.name === name)?.value;
  const people = (name: string): string => addressesOf(value(name));
  const from = people('from');
  const or = (list: string): string => (list === 'NIL' ? from : list);
  return `(${[
    stringOf(value('date')),
    stringOf(value('subject')),
    from,
    or(people('sender')),
    or(people('reply-to')),
    people('to'),
    people('cc'),
    people('bcc'),
    stringOf(value('in-reply-to')),
    stringOf(value('message-id')),
  ].join(' ')})`;
}

function addressesOf(value: string | undefined): string {
  if (value === undefined) return 'NIL';
  const list = addressparser(value.slice(0, 100_000), { flatten: true }).slice(0, MOST_ADDRESSES);
  if (list.length === 0) return 'NIL';
  const one = ({ name, address }: { name: string; address: string }): string => {
    const at = address.lastIndexOf('@');
    const [local, host] = at < 0 ? [address, ''] : [address.slice(0, at), address.slice(at + 1)];
    return `(${stringOf(name === '' ? undefined : name)} NIL ${stringOf(local)} ${stringOf(host)})`;
  };
  return `(${list.map(one).join('')})`;
}
