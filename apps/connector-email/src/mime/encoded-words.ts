import { charsetOf, decodeBytes, isStateful } from './charsets';

/** `=?charset?B?…?=` or `=?charset*language?Q?…?=`. */
const WORD = /=\?([^?\s*]{1,40})(?:\*[^?\s]{0,40})?\?([bq])\?([^?]*)\?=/gi;
/** A word that was cut off before its end. */
const CUT_WORD = /=\?([^?\s*]{1,40})(?:\*[^?\s]{0,40})?\?([bq])\?([^?]*)\??$/i;

interface Word {
  readonly charset: string;
  readonly encoding: 'b' | 'q';
  readonly payload: string;
}

function bytesOf(words: readonly Word[]): Buffer {
  const parts: Buffer[] = [];
  let base64 = '';
  const flush = (): void => {
    if (base64 !== '') parts.push(Buffer.from(base64, 'base64'));
    base64 = '';
  };
  for (const { encoding, payload } of words) {
    if (encoding === 'b') {
      // Some clients cut one run of base64 anywhere and call the pieces words.
      base64 += payload.replace(/[^A-Za-z0-9+/=_-]/g, '');
      if (base64.endsWith('=') || base64.length % 4 === 0) flush();
      continue;
    }
    flush();
    const binary = payload
      .replace(/_/g, ' ')
      .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    parts.push(Buffer.from(binary, 'latin1'));
  }
  flush();
  return Buffer.concat(parts);
}

function textOf(words: readonly Word[], hint: string | null): string {
  const charset = words[0]?.charset ?? null;
  if (!isStateful(charsetOf(charset))) return decodeBytes(bytesOf(words), charset, hint).text;
  return words.map((word) => decodeBytes(bytesOf([word]), charset).text).join('');
}

/**
 * A header's text with its encoded words (RFC 2047) read, in the forms that mail is seen with: words cut inside a character, without a blank
 * between them, inside quotes, with blanks in their base64, without their end.
 */
export function decodeWords(value: string, hint: string | null = null): string {
  if (!value.includes('=?')) return value;
  let text = '';
  let run: Word[] = [];
  let after = 0;
  const flush = (): void => {
    if (run.length > 0) text += textOf(run, hint);
    run = [];
  };
  for (const match of value.matchAll(WORD)) {
    const word = toWord(match);
    const between = value.slice(after, match.index);
    const follows = run.length > 0 && between.trim() === '';
    if (!follows || run[0]?.charset.toLowerCase() !== word.charset.toLowerCase()) flush();
    if (!follows) text += between;
    run.push(word);
    after = match.index + match[0].length;
  }
  const rest = value.slice(after);
  const cut = CUT_WORD.exec(rest);
  if (cut === null) {
    flush();
    return text + rest;
  }
  const before = rest.slice(0, cut.index);
  if (before.trim() !== '' || run.length === 0) {
    flush();
    text += before;
  } else if (run[0]?.charset.toLowerCase() !== cut[1]?.toLowerCase()) flush();
  run.push(toWord(cut));
  flush();
  return text;
}

const toWord = (match: RegExpExecArray | RegExpMatchArray): Word => ({
  charset: match[1] ?? '',
  encoding: match[2]?.toLowerCase() === 'b' ? 'b' : 'q',
  payload: match[3] ?? '',
});
