import { Parser } from 'htmlparser2';
import { boundNesting } from './html-bounds';
import { BLOCK_ELEMENTS, isVoidElement, SILENT_ELEMENTS } from './html-elements';

/** What an HTML mail says, as plain text: what is seen at once, and what lies in its folded parts (`<div data-quoted="true">`). */
export interface HtmlText {
  readonly text: string;
  readonly quoted: string;
}

/** Elements with a blank line around them. */
const SPACED = new Set('p ul ol dl h1 h2 h3 h4 h5 h6 table blockquote pre'.split(' '));
const MAX_QUOTE_DEPTH = 8;
/** Characters of an address that are repeated behind a link's text. */
const MAX_LINK = 2_000;

/** Writes lines: blanks fold, as they do on a page, and a line begins only when something stands on it. */
class TextWriter {
  readonly lines: string[] = [];
  private line = '';
  /** Whether a blank would be the first one of a line, or a second one. */
  private open = true;
  /** Whether a free line stands before the next one. */
  private blank = false;
  depth = 0;

  words(text: string): void {
    const folded = text.replace(/[\t\n\f\r ]+/g, ' ');
    const word = this.open && folded.startsWith(' ') ? folded.slice(1) : folded;
    if (word === '') return;
    this.line += word;
    // Asking the line itself would copy it for every word.
    this.open = word.endsWith(' ');
  }

  verbatim(text: string): void {
    const [first = '', ...rest] = text.replace(/\r\n?/g, '\n').split('\n');
    this.line += first;
    this.open = false;
    for (const line of rest) {
      this.push();
      this.line = line;
    }
  }

  /** Ends the line, an empty one too. */
  break(): void {
    this.push();
  }

  /** Ends the line if something stands on it. `spaced`: leaves one line free before the next. */
  block(spaced: boolean): void {
    if (this.line.trim() !== '') this.push();
    this.line = '';
    this.open = true;
    if (spaced && this.lines.length > 0) this.blank = true;
  }

  private push(): void {
    const prefix = this.depth === 0 ? '' : `${'>'.repeat(Math.min(this.depth, MAX_QUOTE_DEPTH))} `;
    const line = this.line.replace(/\u00a0/g, ' ').trimEnd();
    if (this.blank && this.lines.at(-1) !== '') this.lines.push('');
    this.blank = false;
    this.lines.push(line === '' ? '' : prefix + line);
    this.line = '';
    this.open = true;
  }

  finish(): string {
    this.block(false);
    return this.lines
      .join('\n')
      .replace(/\n{4,}/g, '\n\n\n')
      .replace(/^\n+|\n+$/g, '');
  }
}

/** Renders HTML as plain text. Works in one pass; nothing of it is executed, loaded or kept as markup. `images`: those without a text of their own are named too. */
export function htmlToText(html: string, options: { readonly images?: boolean } = {}): HtmlText {
  const seen = new TextWriter();
  const folded = new TextWriter();
  let writer = seen;
  let silent = 0;
  let pre = 0;
  const open: { name: string; quoted: boolean; href: string | null; from: number }[] = [];
  const lists: { next: number | null }[] = [];
  /** Characters of links' texts are counted to tell whether the text is the address itself. */
  let linkText = '';

  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (silent > 0 || SILENT_ELEMENTS.has(name)) {
          if (!isVoidElement(name)) silent++;
          return;
        }
        const quoted = attributes['data-quoted'] === 'true';
        if (quoted) writer = folded;
        if (name === 'br') return writer.break();
        if (name === 'hr') {
          writer.block(false);
          writer.words('--------');
          return writer.block(false);
        }
        if (name === 'img') {
          const alt = attributes.alt?.trim() || (options.images === true ? 'image' : '');
          if (alt) writer.words(`[${alt.slice(0, 200)}]`);
          return;
        }
        if (isVoidElement(name)) return;
        if (isLine(name)) writer.block(SPACED.has(name) && lists.length === 0);
        if (name === 'td' || name === 'th') writer.words(' ');
        if (name === 'blockquote') writer.depth++;
        if (name === 'pre') pre++;
        if (name === 'ul' || name === 'ol') lists.push({ next: name === 'ol' ? 1 : null });
        if (name === 'li') {
          const list = lists.at(-1);
          writer.words(list?.next == null ? '- ' : `${list.next++}. `);
        }
        const href = name === 'a' && attributes.href !== undefined ? attributes.href.trim() : null;
        if (href !== null) linkText = '';
        open.push({ name, quoted, href, from: 0 });
      },
      ontext(text) {
        if (silent > 0) return;
        if (linkText.length < MAX_LINK) linkText += text;
        if (pre > 0) writer.verbatim(text);
        else writer.words(text);
      },
      onclosetag(name) {
        if (silent > 0) {
          if (!isVoidElement(name)) silent--;
          return;
        }
        if (isVoidElement(name)) return;
        const frame = open.pop();
        if (frame?.href != null) writer.words(linkSuffix(frame.href, linkText));
        if (isLine(name)) writer.block(SPACED.has(name) && lists.length < 2);
        if (name === 'blockquote') writer.depth = Math.max(0, writer.depth - 1);
        if (name === 'pre') pre--;
        if (name === 'ul' || name === 'ol') lists.pop();
        if (frame?.quoted) {
          folded.block(true);
          if (!open.some((one) => one.quoted)) writer = seen;
        }
      },
    },
    { decodeEntities: true },
  );
  parser.write(boundNesting(html));
  parser.end();
  return { text: seen.finish(), quoted: folded.finish() };
}

/** The cells of a row stand in one line. */
const isLine = (name: string): boolean => BLOCK_ELEMENTS.has(name) && name !== 'td' && name !== 'th';

/** ` <https://…>` where a link's text does not say where it leads. */
function linkSuffix(href: string, text: string): string {
  if (!/^https?:\/\//i.test(href) || href.length > MAX_LINK) return '';
  const bare = (address: string): string =>
    address
      .trim()
      .replace(/^https?:\/\//i, '')
      .replace(/\/$/, '');
  return bare(text) === bare(href) || text.trim() === '' ? '' : ` <${href}>`;
}
