import { decodeBytes } from './charsets';
import { cleanText, cutText, unixLines } from './clean-text';
import { htmlToText } from './html-text';
import type { MailLimits } from './limits';
import { contentOf, type Part } from './mime-parts';
import { unflow } from './transfer';

/** What a mail says: in either form, or in both. */
interface Body {
  readonly text: string | null;
  readonly html: string | null;
}

export interface BodyReading {
  readonly text: string;
  readonly html: string | null;
  /** Whether the mail had a text of its own, which is not made from its HTML. */
  readonly ownText: boolean;
  /** The parts that are shown as files. */
  readonly files: Part[];
}

/** Reads the text of parts, notes what it could not read. */
export class BodyReader {
  private readonly files: Part[] = [];

  constructor(
    private readonly limits: MailLimits,
    private readonly problem: (text: string) => void,
  ) {}

  read(root: Part): BodyReading {
    const bodies = this.bodiesOf(root, true);
    const { text, html } = joinBodies(bodies);
    const shownHtml = html === null ? null : this.cut(html, this.limits.html, 'html');
    const shown = this.cut(text ?? (shownHtml === null ? '' : htmlToText(shownHtml).text), this.limits.text, 'text');
    return { text: shown, html: shownHtml, ownText: text !== null, files: this.files };
  }

  private cut(text: string, max: number, what: string): string {
    if (text.length > max) this.problem(`${what} cut at ${max} characters`);
    return cutText(text, max);
  }

  /** `first`: whether nothing has been said yet; the first text of a mail is its text even where it has a file's name. */
  private bodiesOf(part: Part, first: boolean): Body[] {
    if (part.type === 'multipart/alternative') return this.alternative(part, first);
    if (part.type.startsWith('multipart/')) {
      if (part.children.length === 0) return this.unparted(part);
      const bodies: Body[] = [];
      for (const child of part.children) bodies.push(...this.bodiesOf(child, first && bodies.length === 0));
      return bodies;
    }
    if (
      isText(part) &&
      part.disposition !== 'attachment' &&
      (part.fileName === null || (first && part.disposition === ''))
    )
      return [this.textOf(part)];
    // The fields of a bounce are read elsewhere and shown by nobody.
    if (part.type !== 'message/delivery-status' && part.type !== 'message/disposition-notification')
      this.files.push(part);
    return [];
  }

  /** The same in several forms, the best one last. Other forms of text than the two that are shown (AMP, watch) are passed over. */
  private alternative(part: Part, first: boolean): Body[] {
    let text: string | null = null;
    let html: string | null = null;
    for (const child of part.children) {
      const other = child.type.startsWith('text/') && !isText(child) && child.type !== 'text/calendar';
      if (other && child.disposition !== 'attachment') continue;
      const body = joinBodies(this.bodiesOf(child, first));
      if (body.text !== null && body.text.trim() !== '') text = body.text;
      if (body.html !== null) html = body.html;
    }
    if (part.children.length === 0) return this.unparted(part);
    return text === null && html === null ? [] : [{ text, html }];
  }

  /** A multipart without parts: its boundary is not where it should be. What it holds is shown as it is. */
  private unparted(part: Part): Body[] {
    const raw = Buffer.concat(part.raw);
    if (raw.length === 0) return [];
    this.problem('the parts of this mail could not be told apart');
    return [{ text: cleanText(unixLines(decodeBytes(raw, part.charset).text)), html: null }];
  }

  private textOf(part: Part): Body {
    const { content, damaged } = contentOf(part);
    if (damaged) this.problem(`damaged ${part.encoding} in a text`);
    // Ten bytes a character would be a strange text; more than that is never shown.
    const most = 10 * (part.type === 'text/html' ? this.limits.html : this.limits.text);
    const decoded = decodeBytes(content.subarray(0, most), part.charset);
    if (!decoded.whole) this.problem(`a text in ${part.charset ?? 'no charset'} holds letters that cannot be read`);
    const clean = cleanText(unixLines(decoded.text));
    if (part.type === 'text/html') return { text: null, html: clean };
    const flowed = part.contentType.params.get('format')?.toLowerCase() === 'flowed';
    const deleteSpace = part.contentType.params.get('delsp')?.toLowerCase() === 'yes';
    return { text: flowed ? unflow(clean, deleteSpace) : clean, html: null };
  }
}

const isText = (part: Part): boolean => part.type === 'text/plain' || part.type === 'text/html';

/** Several texts one after the other (text, image, text: Apple Mail writes so). One of them in HTML makes it an HTML mail. */
function joinBodies(bodies: readonly Body[]): Body {
  const [only] = bodies;
  if (only === undefined) return { text: null, html: null };
  if (bodies.length === 1) return only;
  const ownText = bodies.some(({ text }) => text !== null);
  const text = ownText
    ? bodies.map((body) => body.text ?? (body.html === null ? '' : htmlToText(body.html).text)).join('\n')
    : null;
  if (bodies.every((body) => body.html === null)) return { text, html: null };
  return { text, html: bodies.map((body) => body.html ?? textAsHtml(body.text ?? '')).join('<br>\n') };
}

/** Plain text in HTML: every line where it was. */
export function textAsHtml(text: string): string {
  const escaped = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
  return `<div>${escaped.replace(/ {2}/g, ' &nbsp;').replace(/\n/g, '<br>\n')}</div>`;
}
