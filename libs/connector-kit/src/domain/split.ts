/** How long one piece may be: in characters (UTF-16 units, as platforms count), in UTF-8 bytes, or both. */
export interface TextLimits {
  readonly maxChars?: number;
  readonly maxBytes?: number;
}

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });
/** Where a cut reads best, best first: after a paragraph, a line, a sentence, a clause, a word. */
const BOUNDARIES = [/\n\s*\n/gu, /\n/gu, /[。！？!?…]+["'”’）)]*|[.](?=\s)/gu, /[，、；：,;:]/gu, /\s/gu];
/** A boundary is taken only when it leaves a piece at least this full. */
const LEAST_FILL = 0.4;

const fits = (text: string, limits: TextLimits): boolean =>
  (limits.maxChars === undefined || text.length <= limits.maxChars) &&
  (limits.maxBytes === undefined || Buffer.byteLength(text) <= limits.maxBytes);

/** The longest prefix within the limits that ends between graphemes; inside one only where a single one is too long. */
function longestPrefix(text: string, limits: TextLimits): string {
  let end = 0;
  let bytes = 0;
  const maxChars = limits.maxChars ?? Infinity;
  const maxBytes = limits.maxBytes ?? Infinity;
  // Segmenting is slow: no more of the text than could fit. What the window cuts in two comes out whole in the next piece.
  const window = text.slice(0, Math.min(text.length, maxChars, maxBytes) + 64);
  for (const { segment } of graphemes.segment(window)) {
    bytes += Buffer.byteLength(segment);
    if (end + segment.length > maxChars || bytes > maxBytes) break;
    end += segment.length;
  }
  if (end > 0) return text.slice(0, end);
  // One grapheme alone is too long (a pile of combining marks): cut it between code points, at least one of them.
  let piece = '';
  for (const letter of text) {
    if (piece !== '' && !fits(piece + letter, limits)) break;
    piece += letter;
    if (!fits(piece, limits)) break;
  }
  return piece;
}

/**
 * Splits a text into pieces within the limits, at paragraphs, lines, sentences, clauses or words where these are near enough, never
 * inside a character. The pieces joined are the text, but for the white space at the cuts.
 */
export function splitText(text: string, limits: TextLimits): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (!fits(rest, limits)) {
    const most = longestPrefix(rest, limits);
    const cut = most.length < rest.length ? bestCut(most, rest) : most.length;
    const piece = rest.slice(0, cut);
    if (piece.trim() !== '') pieces.push(piece.trimEnd());
    rest = rest.slice(cut).replace(/^\s+/u, '');
  }
  if (rest.trim() !== '' || pieces.length === 0) pieces.push(rest);
  return pieces;
}

function bestCut(most: string, rest: string): number {
  // A piece that happens to end where a word ends needs no other boundary.
  if (/\s/u.test(rest.charAt(most.length))) return most.length;
  for (const boundary of BOUNDARIES) {
    let last = 0;
    for (const match of most.matchAll(boundary)) last = match.index + match[0].length;
    if (last >= most.length * LEAST_FILL) return last;
  }
  return most.length;
}
