import { decodeBytes } from './charsets';
import { boundHeader, fieldsOf, type RawField, readRaw } from './header-fields';
import { contentOf, type Part } from './mime-parts';
import { unixLines } from './clean-text';

/** What a machine says about a mail of ours (multipart/report: RFC 3464 bounces, RFC 5965 complaints, RFC 8098 read receipts). */
export interface MailReport {
  /** The report-type: `delivery-status`, `feedback-report`, `disposition-notification`; empty where only the parts tell. */
  readonly type: string;
  /** The fields of the machine's part: the first block speaks of the mail, each further one of a recipient. */
  readonly blocks: readonly (readonly RawField[])[];
}

const MACHINE = new Set([
  'message/delivery-status',
  'message/global-delivery-status',
  'message/feedback-report',
  'message/disposition-notification',
]);
const RETURNED = new Set(['message/rfc822', 'text/rfc822-headers', 'message/global', 'message/global-headers']);

/** Characters of a machine's part, and blocks of it, that are read. */
const READ = 256 * 1024;
const MAX_BLOCKS = 500;

function* walk(part: Part): Iterable<Part> {
  yield part;
  for (const child of part.children) yield* walk(child);
}

/** The report in a mail; null for a mail that is none. */
export function readReport(root: Part): MailReport | null {
  const parts = [...walk(root)];
  const machine = parts.find((part) => MACHINE.has(part.type));
  const type = root.type === 'multipart/report' ? (root.contentType.params.get('report-type') ?? '').toLowerCase() : '';
  if (machine === undefined && type === '') return null;
  return {
    type: type || (machine?.type.replace(/^message\/(?:global-)?/, '') ?? ''),
    blocks: machine === undefined ? [] : blocksOf(contentOf(machine).content),
  };
}

/** Blocks of fields, parted by blank lines. */
function blocksOf(content: Buffer): RawField[][] {
  const text = unixLines(decodeBytes(content.subarray(0, READ), null).text);
  return text
    .split(/\n[ \t]*\n/)
    .slice(0, MAX_BLOCKS)
    .map((block) => fieldsOf(Buffer.from(block.trim())).map(decodeField))
    .filter((block) => block.length > 0);
}

/** The header of a mail inside this one: of the mail that came back, in a bounce. Empty where there is none. */
export function readReturned(root: Part): RawField[] {
  const returned = [...walk(root)].find((part) => RETURNED.has(part.type));
  if (returned === undefined) return [];
  const fields = fieldsOf(boundHeader(contentOf(returned).content.subarray(0, READ), READ).header);
  return fields.filter(({ name }) => name === 'message-id' || name === 'references').map(decodeField);
}

const decodeField = ({ name, value }: RawField): RawField => ({ name, value: readRaw(value, null) });
