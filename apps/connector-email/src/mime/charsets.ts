import { isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import { cjkScore } from './cjk-score';

/** Text read out of bytes, and how: `charset` is what it was read as, `whole` is false when some of it could not be read. */
export interface Decoded {
  readonly text: string;
  readonly charset: string;
  readonly whole: boolean;
}

/** GB18030 holds GBK, which holds GB2312: mails that say one of the smaller ones use the larger. The other names are those that mails are seen with. */
const ALIASES: Readonly<Record<string, string>> = {
  gb2312: 'gb18030',
  gb231280: 'gb18030',
  csgb2312: 'gb18030',
  gbk: 'gb18030',
  xgbk: 'gb18030',
  cp936: 'gb18030',
  ms936: 'gb18030',
  windows936: 'gb18030',
  euccn: 'gb18030',
  eucgb2312cn: 'gb18030',
  chinese: 'gb18030',
  gb18030: 'gb18030',
  gb180302000: 'gb18030',
  gb180302005: 'gb18030',
  gb180302022: 'gb18030',
  big5: 'big5',
  big5hkscs: 'big5',
  cp950: 'big5',
  xxbig5: 'big5',
  csbig5: 'big5',
  euckr: 'cp949',
  ksc56011987: 'cp949',
  ksc5601: 'cp949',
  cp949: 'cp949',
  uhc: 'cp949',
  shiftjis: 'shift_jis',
  sjis: 'shift_jis',
  cp932: 'shift_jis',
  windows31j: 'shift_jis',
  mskanji: 'shift_jis',
  eucjp: 'euc-jp',
  xeucjp: 'euc-jp',
  iso2022jp: 'iso-2022-jp',
  iso2022jpms: 'iso-2022-jp',
  iso2022jp1: 'iso-2022-jp',
  iso2022jp2: 'iso-2022-jp',
  csiso2022jp: 'iso-2022-jp',
  jis: 'iso-2022-jp',
  cp50220: 'iso-2022-jp',
  utf8: 'utf-8',
  utf8mb4: 'utf-8',
  unicode11utf8: 'utf-8',
  usascii: 'windows-1252',
  ascii: 'windows-1252',
  ansix341968: 'windows-1252',
  iso88591: 'windows-1252',
  latin1: 'windows-1252',
  iso88598i: 'iso-8859-8',
};

/** Names that say nothing. */
const UNKNOWN = new Set(['', 'default', 'unknown', 'unknown8bit', 'xunknown', '8bit', 'binary', 'none', 'charset']);

/** iconv-lite also knows things that are no charsets (`base64`, `hex`). */
const CHARSET_NAME =
  /^(?:iso[-_]?8859|windows|win|cp|ibm|koi8|x?-?mac|tis|utf|ucs|viscii|tcvn|georgian|armscii|pt154|rk1048|latin|greek|hebrew|cyrillic|arabic)/i;

/** The charset that a label means; null for one that says nothing or that nobody knows. */
export function charsetOf(label: string | null | undefined): string | null {
  if (label == null || label.length > 40) return null;
  const key = label.toLowerCase().replace(/[^a-z0-9]+/g, '');
  if (UNKNOWN.has(key)) return null;
  const known = Object.hasOwn(ALIASES, key) ? ALIASES[key] : undefined;
  if (known !== undefined) return known;
  return CHARSET_NAME.test(label) && iconv.encodingExists(label) ? label.toLowerCase() : null;
}

/** Whether each word of a header must be read alone, because the charset shifts in and out. */
export const isStateful = (charset: string | null): boolean => charset === 'iso-2022-jp';

function read(bytes: Buffer, charset: string): string {
  if (charset === 'utf-8') {
    const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    return bytes.toString('utf8', start);
  }
  if (charset === 'iso-2022-jp') return new TextDecoder('iso-2022-jp').decode(bytes);
  return iconv.decode(bytes, charset);
}

const isAscii = (bytes: Buffer): boolean => !bytes.some((byte) => byte >= 0x80);

/** What can be told without a label: the ones that Chinese mail is written in (UTF-8 too, cut or with a broken letter in it). */
const GUESSES = ['utf-8', 'gb18030', 'big5', 'shift_jis'] as const;

/** How many bytes are enough to guess by. */
const SAMPLE = 16 * 1024;

function guess(bytes: Buffer, preferred: string | null): string | null {
  const sample = bytes.subarray(0, SAMPLE);
  let best: { charset: string; score: number } | null = null;
  for (const charset of preferred === null ? GUESSES : [preferred, ...GUESSES]) {
    const score = cjkScore(read(sample, charset));
    if (score > (best?.score ?? 0.5)) best = { charset, score };
  }
  return best?.charset ?? null;
}

/**
 * Reads bytes that came with a label, or with none. A label that the bytes contradict is not believed: UTF-8 that says GB2312, GBK that says
 * US-ASCII, UTF-8 or nothing at all are everyday mail. `hint` is what the rest of the mail is written in.
 */
export function decodeBytes(bytes: Buffer, label: string | null, hint: string | null = null): Decoded {
  const said = charsetOf(label);
  const as = (charset: string): Decoded => {
    const text = read(bytes, charset);
    return { text, charset, whole: !text.includes('\ufffd') };
  };
  if (said !== null && (isStateful(said) || /^(?:utf-?(?:7|16|32)|ucs)/.test(said))) return as(said);
  if (isAscii(bytes)) return looksShifted(bytes) ? as('iso-2022-jp') : as(said ?? 'utf-8');
  const utf8 = isUtf8(bytes);
  if (utf8 && (said === null || said === 'utf-8')) return as('utf-8');
  // A text in another charset is almost never valid UTF-8 by accident, and then not of Chinese letters.
  if (utf8 && (said === 'windows-1252' || cjkScore(read(bytes.subarray(0, SAMPLE), 'utf-8')) > 0.8)) return as('utf-8');
  if (said !== null && said !== 'utf-8' && said !== 'windows-1252') {
    const believed = as(said);
    if (believed.whole) return believed;
    const better = guess(bytes, said);
    return better === null || better === said ? believed : as(better);
  }
  const guessed = guess(bytes, charsetOf(hint));
  if (guessed !== null) return as(guessed);
  if (said !== null) return as(said);
  // A few rare letters, in a name perhaps: here they are Chinese, if they can be.
  const rare = [charsetOf(hint) ?? 'gb18030', 'gb18030']
    .map(as)
    .find(({ whole, text }) => whole && IDEOGRAPHS.test(text));
  return rare ?? as('windows-1252');
}

const IDEOGRAPHS = /^(?:[\x00-\x7f]|\p{Script=Han})+$/u;

/** Seven-bit text with the escapes of ISO-2022-JP: `ESC $ B`, `ESC $ @`. */
function looksShifted(bytes: Buffer): boolean {
  const at = bytes.indexOf('\u001b$', 0, 'latin1');
  return at >= 0 && (bytes[at + 2] === 0x42 || bytes[at + 2] === 0x40);
}
