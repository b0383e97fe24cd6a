import { unixLines } from './clean-text';

/**
 * Base64 as it comes: with anything between the letters, padded in the middle (two runs joined), cut at any letter. `damaged` when it holds what is
 * neither base64 nor a line end.
 */
export function fromBase64(bytes: Buffer): { content: Buffer; damaged: boolean } {
  const text = bytes.toString('latin1');
  const runs = text.split('=').map((run) => run.replace(/[^A-Za-z0-9+/]/g, ''));
  const content = Buffer.concat(runs.filter((run) => run !== '').map((run) => Buffer.from(run, 'base64')));
  return { content, damaged: /[^A-Za-z0-9+/=\s]/.test(text) };
}

const HEX = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  HEX[digit.toString(16).charCodeAt(0)] = digit;
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/** Quoted-printable; what is no escape stands for itself, blanks before a line's end are the transport's. */
export function fromQuotedPrintable(bytes: Buffer): { content: Buffer; damaged: boolean } {
  const content = Buffer.alloc(bytes.length);
  let length = 0;
  let damaged = false;
  /** Where the blanks begin that stand at the end of what is written so far. */
  let blanks = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte !== 0x3d) {
      if (byte === 0x0a || (byte === 0x0d && bytes[at + 1] === 0x0a)) length = blanks;
      content[length++] = byte;
      if (byte !== 0x20 && byte !== 0x09) blanks = length;
      continue;
    }
    const [high, low] = [HEX[bytes[at + 1] ?? 0] ?? -1, HEX[bytes[at + 2] ?? 0] ?? -1];
    if (high >= 0 && low >= 0) {
      content[length++] = high * 16 + low;
      blanks = length;
      at += 2;
      continue;
    }
    const lineEnd = softBreak(bytes, at + 1);
    if (lineEnd < 0) {
      damaged = true;
      content[length++] = byte;
    } else at = lineEnd;
    blanks = length;
  }
  return { content: content.subarray(0, length), damaged };
}

/** The index of the line feed that ends a soft line break (blanks may stand before it), or the last index of the source; -1 for none. */
function softBreak(bytes: Buffer, start: number): number {
  // Encoders add at most a few blanks; looking further would make a run of them costly.
  for (let at = start; at < start + 80; at++) {
    if (at >= bytes.length) return bytes.length - 1;
    const byte = bytes[at];
    if (byte === 0x0a) return at;
    if (byte !== 0x0d && byte !== 0x20 && byte !== 0x09) return -1;
  }
  return -1;
}

/** A part's content without its transfer encoding. */
export function decodeTransfer(bytes: Buffer, encoding: string): { content: Buffer; damaged: boolean } {
  if (encoding === 'base64') return fromBase64(bytes);
  if (encoding === 'quoted-printable') return fromQuotedPrintable(bytes);
  return { content: bytes, damaged: false };
}

/** Joins the soft lines of `format=flowed` (RFC 3676); quoted lines join with lines of the same depth only. */
export function unflow(text: string, deleteSpace: boolean): string {
  const lines: string[] = [];
  let open: { depth: number; pieces: string[] } | null = null;
  for (const line of unixLines(text).split('\n')) {
    const depth = /^>*/.exec(line)?.[0].length ?? 0;
    const content = line.slice(depth).replace(/^ /, '');
    if (open !== null && open.depth !== depth) {
      lines.push(quoted(open));
      open = null;
    }
    const soft = content.endsWith(' ') && content !== '-- ';
    open ??= { depth, pieces: [] };
    open.pieces.push(soft && deleteSpace ? content.slice(0, -1) : content);
    if (soft) continue;
    lines.push(quoted(open));
    open = null;
  }
  if (open !== null) lines.push(quoted(open));
  return lines.join('\n');
}

const quoted = ({ depth, pieces }: { depth: number; pieces: string[] }): string =>
  depth === 0 ? pieces.join('') : `${'>'.repeat(depth)} ${pieces.join('')}`;
