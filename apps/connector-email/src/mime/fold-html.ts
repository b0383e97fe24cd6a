import { Parser } from 'htmlparser2';
import type { FoldOptions } from './fold-quotes';
import { boundNesting } from './html-bounds';
import { QuoteFinder, type Range } from './html-quotes';
import { htmlToText } from './html-text';
import { isDeviceLine, normaliseLine } from './quote-marks';

/**
 * Wraps the quoted mails of an HTML text in `<div data-quoted="true">…</div>`, by the same rules as `foldQuotes` and by the elements that clients
 * put them into. A mail of which nothing would be left to see stays as it is, and so does a forwarded one. Nothing is removed but tags that lie too
 * deep for any reader. The result is not safe to show: it goes to `sanitiseHtml`.
 */
export function foldHtmlQuotes(html: string, options: FoldOptions = {}): string {
  const source = boundNesting(html, 'data-quoted');
  if (options.forwarded === true) return source;
  const folded = wrap(source, findQuotes(source));
  return folded === source || saysSomething(folded) ? folded : source;
}

function findQuotes(source: string): Range[] {
  const finder = new QuoteFinder();
  const parser: Parser = new Parser(
    {
      onopentag: (name, attributes) => finder.open(name, attributes, parser.startIndex),
      ontext: (text) => finder.text(text, parser.startIndex),
      onclosetag: (name, implied) =>
        finder.close(name, parser.startIndex, implied ? parser.startIndex : parser.endIndex + 1),
    },
    { decodeEntities: true },
  );
  parser.write(source);
  parser.end();
  return finder.finish(source.length);
}

function wrap(source: string, ranges: readonly Range[]): string {
  const pieces: string[] = [];
  let at = 0;
  for (const { from, to } of ranges) {
    if (from < at) continue;
    pieces.push(source.slice(at, from), '<div data-quoted="true">', source.slice(from, to), '</div>');
    at = to;
  }
  return pieces.length === 0 ? source : pieces.join('') + source.slice(at);
}

/** Whether something is left to see that a person wrote, or an image. */
function saysSomething(folded: string): boolean {
  const lines = htmlToText(folded, { images: true }).text.split('\n').map(normaliseLine);
  return lines.some((line) => /[^-_=>\s]/.test(line) && !isDeviceLine(line));
}
