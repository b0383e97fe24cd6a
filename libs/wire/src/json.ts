export interface JsonLimits {
  /** How deep objects and arrays may nest; 20 unless said otherwise. */
  readonly maxDepth?: number;
  /** In characters; 1 MB unless said otherwise. */
  readonly maxChars?: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/**
 * Parses JSON in which whole numbers beyond 2^53 stay what they are, as strings: platforms' ids are 64-bit. Throws `SyntaxError` for what
 * is no JSON, too long or too deep.
 */
export function parseJson(text: string, limits: JsonLimits = {}): unknown {
  if (text.length > (limits.maxChars ?? 1024 * 1024)) throw new SyntaxError('the JSON is too long');
  return JSON.parse(quoteLongNumbers(text, limits.maxDepth ?? 20));
}

/** The text with quotes around whole numbers that would lose digits. One pass, no recursion. */
function quoteLongNumbers(text: string, maxDepth: number): string {
  const pieces: string[] = [];
  let from = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > maxDepth) throw new SyntaxError('the JSON is too deep');
    } else if (code === 0x7d || code === 0x5d) depth--;
    else if (code === MINUS || isDigit(code)) {
      const end = endOfNumber(text, at);
      const number = text.slice(at, end);
      if (number.length > 15 && /^-?(0|[1-9]\d*)$/.test(number) && !Number.isSafeInteger(Number(number))) {
        pieces.push(text.slice(from, at), '"', number, '"');
        from = end;
      }
      at = end - 1;
    }
  }
  return pieces.length === 0 ? text : pieces.join('') + text.slice(from);
}

/** Where the closing quote is; the last character where there is none. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === QUOTE) return at;
  }
  return text.length;
}

function endOfNumber(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && /[\d.eE+-]/.test(text.charAt(at))) at++;
  return at;
}
