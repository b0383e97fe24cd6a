import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { MailAddress } from './addresses';
import { charsetOf } from './charsets';
import { cleanLine, cutText } from './clean-text';
import { boundHeader, fieldsOf, type RawField } from './header-fields';
import { MAIL_LIMITS, type MailLimits } from './limits';
import { HeadReader } from './mail-head';
import { type MailFile, toFiles } from './mail-files';
import { type PartTree, readParts } from './mime-parts';
import { boundChain } from './references';
import { type MailReport, readReport, readReturned } from './report';
import { BodyReader } from './text-body';

/** A mail as far as it could be read. `problems` names what could not, in words for a log and a person who asks. */
export interface ParsedMail {
  /** Never null: the Message-ID, or one made of the source where there is none, always the same for the same source. */
  readonly id: string;
  /** Verbatim, with its brackets. */
  readonly messageId: string | null;
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
  readonly from: MailAddress;
  readonly replyTo: readonly MailAddress[];
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  /** Every address that the mail says it was sent or delivered to, once each: where plus-address tokens are looked for. */
  readonly deliveredTo: readonly string[];
  readonly subject: string;
  /** What the sender's clock said; null where that cannot be read or is no time at which mail was written. */
  readonly date: Date | null;
  readonly text: string;
  /** Whether the mail brought a text of its own; otherwise `text` is made from the HTML. */
  readonly ownText: boolean;
  readonly html: string | null;
  readonly attachments: readonly MailFile[];
  /** Lower-case names; the fields that tell automatic mail. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** The machine's half of a multipart/report. */
  readonly report: MailReport | null;
  /** Message-ID and References of a mail inside this one (the one that came back, in a bounce). */
  readonly returned: readonly RawField[];
  readonly problems: readonly string[];
}

const MAX_SUBJECT = 2_000;
const MAX_PROBLEMS = 50;

/**
 * Reads a mail. Content never makes it throw (a stream that fails does): what cannot be read is named in `problems`, beside what could.
 */
export async function parseMail(source: Buffer | Readable, given: Partial<MailLimits> = {}): Promise<ParsedMail> {
  const limits = { ...MAIL_LIMITS, ...given };
  const problems = new Problems();
  const { bytes, hash } = await gather(source, limits.sourceBytes, problems);
  const { header, body, cut } = boundHeader(unixOnly(bytes), limits.headerBytes);
  if (cut) problems.add('the header is too large; fields were left out');
  const fields = fieldsOf(header);
  const hint = charsetHint(fields, body);
  const tree = await partsOf(header, body, limits, hint, problems);
  const reading = new BodyReader(limits, (problem) => problems.add(problem)).read(tree.root);
  const head = new HeadReader(fields, limits, hint);
  const from = head.sender();
  if (from.address === '') problems.add('no sender');
  const messageId = head.id('message-id');
  if (messageId === null) problems.add('no Message-ID');
  const date = head.date();
  if (date === null) problems.add('no date that can be read');
  return {
    id: messageId ?? `<${hash}@no-message-id.invalid>`,
    messageId,
    inReplyTo: head.id('in-reply-to'),
    references: boundChain(head.ids('references'), limits.references),
    from,
    replyTo: head.people('reply-to'),
    to: head.people('to'),
    cc: head.people('cc'),
    deliveredTo: head.deliveredTo(),
    subject: cutText(head.line('subject'), MAX_SUBJECT),
    date,
    text: reading.text,
    ownText: reading.ownText,
    html: reading.html,
    attachments: toFiles(reading.files, reading.html, (problem) => problems.add(problem)),
    headers: head.telling(),
    report: readReport(tree.root),
    returned: readReturned(tree.root),
    problems: problems.list,
  };
}

class Problems {
  readonly list: string[] = [];
  add(problem: string): void {
    const text = cutText(cleanLine(problem), 500);
    if (this.list.length < MAX_PROBLEMS && !this.list.includes(text)) this.list.push(text);
  }
}

/** The bytes that are read, and the hash of all that came. */
async function gather(
  source: Buffer | Readable,
  max: number,
  problems: Problems,
): Promise<{ bytes: Buffer; hash: string }> {
  const hash = createHash('sha256');
  const chunks: Buffer[] = [];
  let length = 0;
  let room = max;
  for await (const piece of Buffer.isBuffer(source) ? [source] : source) {
    const chunk = Buffer.isBuffer(piece) ? piece : Buffer.from(piece as Uint8Array);
    hash.update(chunk);
    length += chunk.length;
    if (room > 0) chunks.push(chunk.length <= room ? chunk : chunk.subarray(0, room));
    room -= chunk.length;
  }
  if (length > max) problems.add(`the mail is larger than ${max} bytes; its end was left out`);
  const bytes = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
  return { bytes, hash: hash.digest('hex') };
}

/** Lines that end with a lone carriage return, as very old clients wrote them. */
function unixOnly(bytes: Buffer): Buffer {
  const start = bytes.subarray(0, 64 * 1024);
  if (start.includes(0x0a) || !start.includes(0x0d)) return bytes;
  return Buffer.from(bytes.map((byte) => (byte === 0x0d ? 0x0a : byte)));
}

/** The charset that raw bytes in the header are probably in: what the first parts say they are. */
function charsetHint(fields: readonly RawField[], body: Buffer): string | null {
  const own = /charset\s*=\s*["']?([\w.:-]{1,40})/i;
  const type = fields.find(({ name }) => name === 'content-type')?.value.slice(0, 2_000) ?? '';
  const label = own.exec(type)?.[1] ?? own.exec(body.toString('latin1', 0, 4_096))?.[1];
  const charset = charsetOf(label);
  return charset === 'utf-8' || charset === 'windows-1252' ? null : charset;
}

/** The parts of a mail; those of one whose boundary is not what its header says, too. */
async function partsOf(
  header: Buffer,
  body: Buffer,
  limits: MailLimits,
  hint: string | null,
  problems: Problems,
): Promise<PartTree> {
  let tree = await readParts(header, body, limits, hint);
  if (tree.root.type.startsWith('multipart/') && tree.root.children.length === 0) {
    const boundary = boundaryIn(body);
    if (boundary !== null) {
      const mended = Buffer.from(`Content-Type: ${tree.root.type}; boundary="${boundary}"\r\n`);
      tree = await readParts(mended, body, limits, hint);
      problems.add('the boundary is not the one that the header names');
    }
  }
  if (tree.stopped !== null) problems.add(`reading stopped: ${tree.stopped}`);
  if (tree.droppedCount > 0) {
    const more = tree.droppedCount > tree.dropped.length ? ' …' : '';
    problems.add(`${tree.droppedCount} parts left out: ${tree.dropped.join(', ')}${more}`);
  }
  return tree;
}

/** The first line that looks like a boundary: two hyphens and a name, a part's header after it. */
function boundaryIn(body: Buffer): string | null {
  const start = body.toString('latin1', 0, 64 * 1024);
  return /(?:^|\n)--([\w'()+,./:=?-]{1,70})\r?\ncontent-[a-z-]{2,30}:/i.exec(start)?.[1] ?? null;
}
