import { decodeBytes } from './charsets';

/** One field of a header as it came: a lower-case name and the unfolded value, one character per byte. */
export interface RawField {
  readonly name: string;
  readonly value: string;
}

const LF = 0x0a;
const CR = 0x0d;
const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09;

/** How far the end of a header is looked for; a header without end is cut there. */
const SEARCHED = 4 * 1024 * 1024;
/** Bytes of one field. */
const FIELD_BYTES = 64 * 1024;
/** Fields of one header. */
const FIELDS = 2_000;
/** Fields that are looked at to find the ones that are read. */
const LOOKED_AT = 50_000;

/** The fields that are read; the rest may go when a header is too large. */
const NEEDED = new Set(
  (
    'message-id in-reply-to references from sender reply-to to cc delivered-to x-original-to envelope-to x-envelope-to x-forwarded-to subject date ' +
    'content-type content-transfer-encoding content-disposition content-id return-path auto-submitted precedence x-auto-response-suppress ' +
    'x-autoreply x-autorespond x-auto-reply-from list-id list-post list-unsubscribe feedback-id x-failed-recipients'
  ).split(' '),
);

export interface BoundHeader {
  readonly header: Buffer;
  /** What follows the header in the source. */
  readonly body: Buffer;
  readonly cut: boolean;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where each field lies (with its continuations), and where the header ends. */
function spansOf(source: Buffer): { fields: Span[]; end: number; body: number; whole: boolean } {
  const fields: Span[] = [];
  let at = 0;
  while (at < source.length) {
    if (at > SEARCHED) return { fields, end: at, body: at, whole: false };
    const lineEnd = source.indexOf(LF, at);
    const next = lineEnd < 0 ? source.length : lineEnd + 1;
    if (source[at] === LF || (source[at] === CR && source[at + 1] === LF))
      return { fields, end: at, body: next, whole: true };
    const last = fields.at(-1);
    if (last !== undefined && isBlank(source[at]) && last.end === at)
      fields[fields.length - 1] = { start: last.start, end: next };
    else if (fields.length < LOOKED_AT) fields.push({ start: at, end: next });
    at = next;
  }
  return { fields, end: at, body: at, whole: true };
}

function nameOf(field: Buffer): string {
  const colon = field.subarray(0, 100).indexOf(0x3a);
  return colon < 1 ? '' : field.toString('latin1', 0, colon).trim().toLowerCase();
}

/** A field that is too long loses its end; a chain of references its middle: its first and its last ids say the most. */
function shorten(field: Buffer): Buffer {
  if (field.length <= FIELD_BYTES) return field;
  if (nameOf(field) !== 'references') return Buffer.concat([field.subarray(0, FIELD_BYTES), Buffer.from('\r\n')]);
  const [head, tail] = [field.subarray(0, 2048), field.subarray(field.length - (FIELD_BYTES - 4096))];
  const headEnd = Math.max(0, head.lastIndexOf('>') + 1);
  const tailStart = Math.max(0, tail.indexOf('<'));
  return Buffer.concat([head.subarray(0, headEnd), Buffer.from('\r\n '), tail.subarray(tailStart)]);
}

/**
 * Parts a source at the end of its header, and makes the header one that is cheap to read: at most `maxBytes`, no field above 64 KB. What nothing
 * reads goes first.
 */
export function boundHeader(source: Buffer, maxBytes: number): BoundHeader {
  let start = 0;
  while (source[start] === LF || source[start] === CR) start++;
  const given = start === 0 ? source : source.subarray(start);
  const { fields, end, body, whole } = spansOf(given);
  const small = fields.length <= FIELDS && fields.every((field) => field.end - field.start <= FIELD_BYTES);
  if (whole && end <= maxBytes && small)
    return { header: given.subarray(0, end), body: given.subarray(body), cut: false };
  const kept: Buffer[] = [];
  let room = maxBytes;
  const spans = fields.map(({ start: from, end: to }) => given.subarray(from, to));
  const needed = spans.map((field) => NEEDED.has(nameOf(field)));
  for (const wanted of [true, false])
    for (const [index, field] of spans.entries()) {
      if (needed[index] !== wanted || kept.length >= FIELDS) continue;
      const short = shorten(field);
      if (short.length > room) continue;
      room -= short.length;
      kept.push(short);
    }
  return { header: Buffer.concat(kept), body: given.subarray(body), cut: true };
}

/** The fields of a header, in their order. Lines that are no field are left out. */
export function fieldsOf(header: Buffer): RawField[] {
  const { fields } = spansOf(header);
  return fields.slice(0, FIELDS).flatMap((span) => {
    const field = header.subarray(span.start, span.end);
    const name = nameOf(field);
    if (name === '') return [];
    const value = field.toString('latin1', field.indexOf(0x3a) + 1).replace(/\r?\n/g, '');
    return [{ name, value: value.trim() }];
  });
}

/** A value whose raw 8-bit bytes are read: clients that write GBK (or UTF-8) straight into a header are many. */
export function readRaw(value: string, hint: string | null): string {
  return /[^\x00-\x7f]/.test(value) ? decodeBytes(Buffer.from(value, 'latin1'), null, hint).text : value;
}
