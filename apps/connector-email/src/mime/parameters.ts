import { charsetOf, decodeBytes } from './charsets';
import { cleanLine, cutText } from './clean-text';
import { decodeWords } from './encoded-words';

/** A header value with parameters: `text/plain; charset=gbk`. Names and the value are lower-case. */
export interface Parameterised {
  readonly value: string;
  readonly params: ReadonlyMap<string, string>;
}

const MAX_PARAMS = 200;

/** `name=value` pairs behind the value; quoted strings may hold `;`, unquoted ones may (and in real mail do) hold blanks. */
function pairsOf(text: string): [string, string][] {
  const pairs: [string, string][] = [];
  let at = text.indexOf(';');
  while (at >= 0 && at < text.length && pairs.length < MAX_PARAMS) {
    const equals = text.indexOf('=', at + 1);
    if (equals < 0) break;
    const semicolon = text.indexOf(';', at + 1);
    if (semicolon >= 0 && semicolon < equals) {
      at = semicolon;
      continue;
    }
    const name = text
      .slice(at + 1, equals)
      .trim()
      .toLowerCase();
    let start = equals + 1;
    while (text[start] === ' ' || text[start] === '\t') start++;
    const [value, end] = text[start] === '"' ? quotedFrom(text, start + 1) : plainFrom(text, start);
    pairs.push([name, value]);
    at = text.indexOf(';', end);
  }
  return pairs;
}

function plainFrom(text: string, start: number): [string, number] {
  const semicolon = text.indexOf(';', start);
  const end = semicolon < 0 ? text.length : semicolon;
  return [text.slice(start, end).trim(), end];
}

function quotedFrom(text: string, start: number): [string, number] {
  let value = '';
  let at = start;
  for (; at < text.length && text[at] !== '"'; at++) {
    // A backslash in front of anything else is a path of a Windows client, or half of a character.
    if (text[at] === '\\' && (text[at + 1] === '"' || text[at + 1] === '\\')) at++;
    value += text[at];
  }
  return [value, at + 1];
}

function percentBytes(text: string): Buffer {
  const binary = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(binary, 'latin1');
}

/** `name*=charset'language'percent`, or `name*0=`, `name*1*=` … joined (RFC 2231). */
function joinExtended(pieces: readonly { index: number; encoded: boolean; value: string }[]): string {
  const ordered = [...pieces].sort((a, b) => a.index - b.index);
  const first = ordered[0];
  const opening = first?.encoded ? /^([^']*)'[^']*'/.exec(first.value) : null;
  const values = ordered.map((piece, n) => (n === 0 && opening ? piece.value.slice(opening[0].length) : piece.value));
  if (!ordered.some((piece) => piece.encoded)) return values.join('');
  const bytes = Buffer.concat(
    ordered.map((piece, n) => (piece.encoded ? percentBytes(values[n] ?? '') : Buffer.from(values[n] ?? ''))),
  );
  return decodeBytes(bytes, opening?.[1] ?? null).text;
}

/** Reads a header value with parameters. `text` has its raw bytes read already (`readRaw`). */
export function parseParameterised(text: string, hint: string | null = null): Parameterised {
  const end = text.indexOf(';');
  const value = (end < 0 ? text : text.slice(0, end)).trim().toLowerCase();
  const params = new Map<string, string>();
  const extended = new Map<string, { index: number; encoded: boolean; value: string }[]>();
  for (const [name, given] of pairsOf(text)) {
    const star = /^([^*]+)(?:\*(\d{1,3}))?(\*)?$/.exec(name);
    if (star === null) continue;
    const base = star[1] ?? '';
    if (star[2] === undefined && star[3] === undefined) {
      if (!params.has(base)) params.set(base, given);
      continue;
    }
    const pieces = extended.get(base) ?? [];
    pieces.push({ index: Number(star[2] ?? 0), encoded: star[3] !== undefined, value: given });
    extended.set(base, pieces);
  }
  // The extended form is the better one where both are given, unless it cannot be read.
  for (const [base, pieces] of extended) {
    const joined = joinExtended(pieces);
    if (!params.has(base) || !joined.includes('\ufffd')) params.set(base, joined);
  }
  for (const [base, given] of params) params.set(base, decodeWords(given, hint));
  return { value, params };
}

/** Line of a file's name: without control characters and paths, at most 255 characters, its extension kept. Null when nothing is left. */
export function fileNameOf(given: string | undefined): string | null {
  if (given === undefined) return null;
  const name = (
    cleanLine(given)
      .replace(/\p{Cf}/gu, '')
      .split(/[/\\]/)
      .pop() ?? ''
  ).trim();
  if (name === '' || name === '.' || name === '..') return null;
  if (name.length <= 255) return name;
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? '';
  return cutText(name, 255 - extension.length) + extension;
}

/** A charset label of a content type; null for none that is known. */
export const charsetLabel = (type: Parameterised): string | null => {
  const label = type.params.get('charset')?.replace(/['"\s]/g, '');
  return label !== undefined && charsetOf(label) !== null ? label : null;
};
