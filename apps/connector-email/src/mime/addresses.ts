import addressparser from 'nodemailer/lib/addressparser';
import { cleanLine, cutText } from './clean-text';
import { decodeWords } from './encoded-words';

/** Someone who is named in a header. `address` is verbatim; empty where the header holds a name alone. */
export interface MailAddress {
  readonly name: string;
  readonly address: string;
}

const MAX_ADDRESS = 320;
const MAX_NAME = 255;
/** Characters of one header that are read. */
const READ = 64 * 1024;

/** One mailbox of a header: `local@domain`, in any letters, without blanks. */
export const isAddress = (text: string): boolean =>
  text.length <= MAX_ADDRESS && /^[^\s@<>()[\],;:"\\]+@[^\s@<>()[\],;:"\\]+$/.test(text);

function toAddress(entry: { name: string; address?: string }, hint: string | null): MailAddress {
  const address = cleanLine(decodeWords(entry.address ?? '', hint));
  const name = cutText(
    cleanLine(decodeWords(entry.name, hint))
      .replace(/^["']+|["']+$/g, '')
      .trim(),
    MAX_NAME,
  );
  return { name, address: isAddress(address) ? address : '' };
}

/**
 * The people of an address header, at most `max`. `text` has its raw bytes read already. Names are decoded after the list is parted, so that a
 * comma in an encoded name parts nothing and a name makes no address.
 */
export function parseAddresses(text: string, max: number, hint: string | null = null): MailAddress[] {
  const people: MailAddress[] = [];
  for (const entry of addressparser(text.slice(0, READ), { flatten: true })) {
    const person = toAddress(entry, hint);
    if (person.name === '' && person.address === '') continue;
    people.push(person);
    if (people.length >= max) break;
  }
  return people;
}

/** One of each address, in their order, whatever the letter case. Entries without an address are left out. */
export function uniqueAddresses<A extends { readonly address: string }>(people: readonly A[]): A[] {
  const seen = new Set<string>();
  return people.filter(({ address }) => {
    const key = address.toLowerCase();
    if (key === '' || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
