import { unixLines } from './clean-text';
import {
  isAttribution,
  isDeviceLine,
  isForwardMark,
  isOriginalMark,
  isRule,
  normaliseLine,
  opensAttribution,
  opensHeaderBlock,
} from './quote-marks';

/** A text in two halves: what the writer says, and what is folded away (the mail that is answered, a telephone's signature). */
export interface FoldedText {
  readonly text: string;
  /** Empty when nothing is folded. */
  readonly quoted: string;
}

export interface FoldOptions {
  /** The mail hands another one on (its subject says so): what would be a quote is what it says, and stays. */
  readonly forwarded?: boolean;
}

type Fold = 'rest' | 'block';

/** Lines `from` to `to` (not with it) that may be folded. */
interface Span {
  readonly from: number;
  readonly to: number;
}

const isQuoteLine = (line: string | undefined): boolean => line?.startsWith('>') ?? false;

/**
 * Folds the quoted mails of a plain text by the marks that clients leave: lines that begin with `>`, `On … wrote:` and `在 … 写道：`, the header blocks of
 * Outlook and Foxmail, the rules of QQ and 163. An answer written between the quoted lines keeps them: they are what it answers. A mail that would be
 * folded away whole is not folded, and a forwarded mail stays. No line is lost: what is not in `text` is in `quoted`.
 */
export function foldQuotes(text: string, options: FoldOptions = {}): FoldedText {
  const lines = unixLines(text).split('\n');
  const folded = new Set<number>();
  for (const span of options.forwarded === true ? [] : spansOf(lines))
    for (let at = span.from; at < span.to; at++) folded.add(at);
  foldDeviceLine(lines, folded);
  const seen = lines.filter((_, at) => !folded.has(at));
  if (seen.every((line) => line.trim() === '')) return { text: trimLines(lines), quoted: '' };
  return { text: trimLines(seen), quoted: trimLines(lines.filter((_, at) => folded.has(at))) };
}

const trimLines = (lines: readonly string[]): string =>
  lines
    .join('\n')
    .replace(/^(?:[^\S\n]*\n)+/, '')
    .trimEnd();

function spansOf(lines: readonly string[]): Span[] {
  const normal = lines.map(normaliseLine);
  const quotes: Span[] = [];
  let end = lines.length;
  for (let at = 0; at < lines.length; at++) {
    const line = normal[at] ?? '';
    if (isForwardMark(line)) break;
    if (isQuoteLine(line)) {
      const to = quoteEnd(normal, at);
      quotes.push({ from: at, to });
      at = to - 1;
      continue;
    }
    const mark = markAt(normal, at);
    if (mark === null) continue;
    if (mark.fold === 'block') {
      const from = at;
      const to = quoteEnd(normal, mark.next);
      quotes.push({ from, to });
      at = to - 1;
      continue;
    }
    end = at;
    break;
  }
  const spans = answersBetween(quotes, normal, end) ? quotes.filter(({ to }) => !saysMore(normal, to, end)) : quotes;
  return end < lines.length ? [...spans, { from: end, to: lines.length }] : spans;
}

/** Whether a quoted mail is announced at this line, and what of it is quoted: the `>` lines from `next` on, or all that follows. */
function markAt(normal: readonly string[], at: number): { fold: Fold; next: number } | null {
  const line = normal[at] ?? '';
  if (line === '') return null;
  if (isOriginalMark(line)) return { fold: 'rest', next: at };
  const block = isRule(line) ? nextFilled(normal, at + 1) : at;
  if (opensHeaderBlock((index) => normal[index], block)) return { fold: 'rest', next: at };
  const after = attributionEnd(normal, at);
  if (after === null) return null;
  const next = nextFilled(normal, after);
  return isQuoteLine(normal[next]) ? { fold: 'block', next } : { fold: 'rest', next };
}

/** The line after an attribution, which may be broken over three lines; null where none begins. */
function attributionEnd(normal: readonly string[], at: number): number | null {
  let joined = normal[at] ?? '';
  if (isAttribution(joined)) return at + 1;
  if (!opensAttribution(joined)) return null;
  for (let next = at + 1; next <= at + 2; next++) {
    const line = normal[next] ?? '';
    if (line === '' || isQuoteLine(line)) return null;
    joined = `${joined} ${line}`;
    if (isAttribution(joined)) return next + 1;
  }
  return null;
}

/** The first line from `at` on that holds something; the end where none does. */
function nextFilled(normal: readonly string[], at: number): number {
  let next = at;
  // A mark is followed by a blank line or two; looking for ever would make many marks costly.
  while (next < normal.length && next < at + 20 && normal[next] === '') next++;
  return next;
}

/** Where a run of `>` lines ends; blank lines inside it belong to it. */
function quoteEnd(normal: readonly string[], at: number): number {
  let end = at + 1;
  for (let next = at + 1; next < normal.length; next++) {
    if (isQuoteLine(normal[next])) end = next + 1;
    else if (normal[next] !== '') break;
  }
  return end;
}

const saysMore = (normal: readonly string[], from: number, to: number): boolean => {
  for (let at = from; at < to; at++) if (normal[at] !== '' && !isQuoteLine(normal[at])) return true;
  return false;
};

/** Whether the writer answers between the quoted lines: two runs of them or more have text behind them. */
function answersBetween(quotes: readonly Span[], normal: readonly string[], end: number): boolean {
  let answered = 0;
  for (const [index, { to }] of quotes.entries()) if (saysMore(normal, to, quotes[index + 1]?.from ?? end)) answered++;
  return answered >= 2;
}

/** A telephone's line at the end of what is said goes with the quote. */
function foldDeviceLine(lines: readonly string[], folded: Set<number>): void {
  for (let at = lines.length - 1; at >= 0; at--) {
    if (folded.has(at)) continue;
    const line = normaliseLine(lines[at] ?? '');
    if (line === '') continue;
    if (isDeviceLine(line)) folded.add(at);
    return;
  }
}
