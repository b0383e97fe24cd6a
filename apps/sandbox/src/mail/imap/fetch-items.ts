import { bodyAt, headerFields } from '../headers';
import type { Mailbox, StoredMail } from '../store/mailbox';
import { BadCommand, textOf, type Token } from './command-parser';
import { envelopeOf } from './envelope';

/** One thing asked of a mail. `marks`: reading it sets `\Seen`. */
export interface FetchItem {
  readonly marks: boolean;
  render(mail: StoredMail, mailbox: Mailbox): Buffer;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MOST_ITEMS = 50;

const plain = (render: (mail: StoredMail, mailbox: Mailbox) => string): FetchItem => ({
  marks: false,
  render: (mail, mailbox) => Buffer.from(render(mail, mailbox), 'latin1'),
});

const PLAIN: Readonly<Record<string, FetchItem>> = {
  UID: plain((mail) => `UID ${mail.id}`),
  FLAGS: plain((mail, mailbox) => `FLAGS (${[...mailbox.flags(mail.id)].join(' ')})`),
  INTERNALDATE: plain((mail) => `INTERNALDATE "${internalDate(mail.receivedAt)}"`),
  'RFC822.SIZE': plain((mail) => `RFC822.SIZE ${mail.raw.length}`),
  ENVELOPE: plain((mail) => `ENVELOPE ${envelopeOf(headerFields(mail.raw))}`),
};

const MACROS: Readonly<Record<string, readonly string[]>> = {
  FAST: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE'],
  ALL: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE'],
};

const NAMED_PARTS: Readonly<Record<string, { readonly section: string; readonly marks: boolean }>> = {
  RFC822: { section: '', marks: true },
  'RFC822.HEADER': { section: 'HEADER', marks: false },
  'RFC822.TEXT': { section: 'TEXT', marks: true },
};

/** What a FETCH asks for; `UID` always comes along where the command was by UID. Throws `BadCommand`. */
export function parseItems(token: Token | undefined, byUid: boolean): FetchItem[] {
  if (token === undefined) throw new BadCommand('what to fetch is missing');
  const words = (token.kind === 'list' ? token.items : [token]).map(textOf);
  if (words.length === 0 || words.length > MOST_ITEMS) throw new BadCommand('nothing, or too much, to fetch');
  const names = words.flatMap((word) => MACROS[word.toUpperCase()] ?? [word]);
  if (byUid && !names.some((name) => name.toUpperCase() === 'UID')) names.unshift('UID');
  return names.map(itemOf);
}

function itemOf(word: string): FetchItem {
  const name = word.toUpperCase();
  const known = PLAIN[name];
  if (known !== undefined) return known;
  const named = NAMED_PARTS[name];
  if (named !== undefined) return part(name, named.section, named.marks, null);
  const match = /^BODY(\.PEEK)?\[([^\]]*)\](?:<(\d{1,10})\.(\d{1,10})>)?$/.exec(name);
  if (match === null) throw new BadCommand(`cannot fetch ${word.slice(0, 40)} here`);
  const range = match[3] === undefined ? null : { from: Number(match[3]), length: Number(match[4]) };
  const label = `BODY[${match[2]}]${range === null ? '' : `<${range.from}>`}`;
  return part(label, match[2]!, match[1] === undefined, range);
}

function part(
  label: string,
  section: string,
  marks: boolean,
  range: { readonly from: number; readonly length: number } | null,
): FetchItem {
  const cut = sectionOf(section);
  return {
    marks,
    render: ({ raw }) => {
      const whole = cut(raw);
      const bytes = range === null ? whole : whole.subarray(range.from, range.from + range.length);
      return Buffer.concat([Buffer.from(`${label} {${bytes.length}}\r\n`), bytes]);
    },
  };
}

function sectionOf(section: string): (raw: Buffer) => Buffer {
  if (section === '') return (raw) => raw;
  if (section === 'HEADER') return (raw) => raw.subarray(0, bodyAt(raw));
  if (section === 'TEXT') return (raw) => raw.subarray(bodyAt(raw));
  const match = /^HEADER\.FIELDS(\.NOT)? \(([^()]*)\)$/.exec(section);
  if (match === null) throw new BadCommand('no such part');
  const wanted = new Set(match[2]!.toLowerCase().replaceAll('"', '').split(' '));
  const without = match[1] !== undefined;
  return (raw) => {
    const kept = headerFields(raw).filter(({ name }) => wanted.has(name) !== without);
    return Buffer.from(`${kept.map((field) => field.raw).join('')}\r\n`, 'latin1');
  };
}

function internalDate(at: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = String(at.getUTCDate()).padStart(2, ' ');
  const time = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(':');
  return `${day}-${MONTHS[at.getUTCMonth()]}-${at.getUTCFullYear()} ${time} +0000`;
}
