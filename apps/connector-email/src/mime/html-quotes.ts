import { BLOCK_ELEMENTS, isVoidElement, SILENT_ELEMENTS } from './html-elements';
import {
  holdsHeaderBlock,
  isAttribution,
  isForwardMark,
  isHeaderField,
  isOriginalMark,
  MAX_MARK,
  normaliseLine,
  opensHeader,
} from './quote-marks';

/** A stretch of the source: from `from` to `to` (not with it), whole nodes of one element. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** A quote that is an element; `answered`: something is said behind it. */
interface ElementRange extends Range {
  answered: boolean;
  readonly attribution: Range | null;
}

interface Frame {
  readonly name: string;
  readonly start: number;
  readonly parent: Frame | null;
  /** Whether something stands in it already. */
  filled: boolean;
  closed: boolean;
}

/** Where a mark begins, as a node of `frame`. */
interface Place {
  readonly frame: Frame;
  readonly from: number;
}

/** What runs on without a line break. `places`: its beginning, seen from the elements that begin with it, the innermost first. */
interface Line {
  readonly places: readonly Place[];
  text: string;
}

const QUOTE_CLASSES =
  /(?:^|\s)(?:gmail_quote|gmail_quote_container|ntes-mailmaster-quote|yahoo_quoted|protonmail_quote|tutanota_quote|zmail_extra|alimail-quote|mail-quote|moz-cite)(?:\s|$)/;
const QUOTE_IDS = new Set(['OLK_SRC_BODY_SECTION', 'isReplyContent', 'mail-editor-reference-message-container']);
const REST_CLASSES = /(?:^|\s)(?:OutlookMessageHeader|xm_mail_oringinal_describe)(?:\s|$)/;
const REST_IDS = new Set(['divRplyFwdMsg', 'appendonsend']);
/** Nothing but their own kind of element may stand in these. */
const STRUCTURE = new Set(['table', 'tbody', 'thead', 'tfoot', 'tr', 'colgroup', 'ul', 'ol', 'dl']);
/** Lines within which a header block shows that it is one. */
const BLOCK_LINES = 8;

/** Outlook prefixes ids when a mail is quoted again: `x_divRplyFwdMsg`. */
const plainId = (id: string | undefined): string => (id ?? '').replace(/^(?:x_|m_-?\d+)+/, '');

function kindOf(name: string, attributes: Readonly<Record<string, string>>): 'element' | 'rest' | null {
  const classes = (attributes.class ?? '').slice(0, 500);
  const id = plainId(attributes.id?.slice(0, 200));
  if (name === 'includetail' || (name === 'blockquote' && attributes.type?.toLowerCase() === 'cite')) return 'element';
  if (QUOTE_CLASSES.test(classes) || QUOTE_IDS.has(id)) return 'element';
  return REST_CLASSES.test(classes) || REST_IDS.has(id) ? 'rest' : null;
}

/** Follows the elements and the lines of an HTML mail and finds what is quoted. Each step costs the same, however much came before. */
export class QuoteFinder {
  private top: Frame;
  private line: Line | null = null;
  private silent = 0;
  /** A quote that is an element, while it is open. */
  private inside: { frame: Frame; attribution: Range | null; firstLine: string; read: boolean } | null = null;
  /** A quote that goes to the end of an element. */
  private rest: Place | null = null;
  private attribution: { places: readonly Place[]; range: Range | null } | null = null;
  /** A line that begins as a header block does, and what has come since. */
  private header: { places: readonly Place[]; fields: number; lines: number } | null = null;
  private forwarded = false;
  private readonly elements: ElementRange[] = [];
  private readonly rests: Range[] = [];

  constructor() {
    this.top = { name: '', start: 0, parent: null, filled: false, closed: false };
  }

  open(name: string, attributes: Readonly<Record<string, string>>, start: number): void {
    if (this.silent > 0 || SILENT_ELEMENTS.has(name)) {
      if (!isVoidElement(name)) this.silent++;
      return;
    }
    if (name === 'br' || name === 'hr' || BLOCK_ELEMENTS.has(name)) this.endLine(start);
    if (isVoidElement(name)) {
      if (name === 'img' && this.looking) this.fill();
      return;
    }
    const frame: Frame = { name, start, parent: this.top, filled: false, closed: false };
    const kind = this.looking ? kindOf(name, attributes) : null;
    if (kind === 'rest') this.startRest(this.placesFrom(start));
    else if (kind === 'element' || (name === 'blockquote' && this.looking && this.attribution !== null)) {
      this.inside = { frame, attribution: this.attribution?.range ?? null, firstLine: '', read: false };
      this.attribution = null;
      this.header = null;
    }
    this.top = frame;
  }

  text(text: string, start: number): void {
    if (this.silent > 0 || text.trim() === '') {
      if (this.line !== null && this.line.text.length <= MAX_MARK) this.line.text += text;
      return;
    }
    if (this.line === null) {
      this.line = { places: this.looking ? this.placesFrom(start) : [], text: '' };
      if (this.looking) this.fill();
    }
    if (this.line.text.length <= MAX_MARK) this.line.text += text.slice(0, MAX_MARK + 1);
  }

  /** `start`: where its closing tag begins, or would. `end`: behind the tag. */
  close(name: string, start: number, end: number): void {
    if (this.silent > 0) {
      if (!isVoidElement(name)) this.silent--;
      return;
    }
    if (isVoidElement(name)) return;
    if (BLOCK_ELEMENTS.has(name)) this.endLine(start);
    const frame = this.top;
    if (frame.parent === null || frame.name !== name) return;
    frame.closed = true;
    if (this.rest?.frame === frame) {
      this.rests.push({ from: this.rest.from, to: start });
      this.rest = null;
    }
    if (this.inside?.frame === frame) this.closeQuote(frame, end);
    this.top = frame.parent;
  }

  /** The quotes in their order; none lies in another. `end`: the length of the source. */
  finish(end: number): Range[] {
    this.endLine(end);
    if (this.rest !== null) this.rests.push({ from: this.rest.from, to: end });
    // Two quotes and more with something said behind each: answers between the lines of what they answer.
    const answered = this.elements.filter((range) => range.answered).length;
    const elements = answered < 2 ? this.elements : this.elements.filter((range) => !range.answered);
    const ranges = [
      ...elements.flatMap((range) => [...(range.attribution ? [range.attribution] : []), range]),
      ...this.rests,
    ];
    return ranges.filter(({ from, to }) => from < to).sort((a, b) => a.from - b.from);
  }

  /** Whether marks count here: outside of quotes, and as long as the mail hands no other on. */
  private get looking(): boolean {
    return this.inside === null && this.rest === null && !this.forwarded;
  }

  private closeQuote(frame: Frame, end: number): void {
    this.endLine(end);
    const { attribution, firstLine } = this.inside ?? { attribution: null, firstLine: '' };
    this.inside = null;
    if (isForwardMark(firstLine)) this.forwarded = true;
    else if (!STRUCTURE.has(frame.parent?.name ?? ''))
      this.elements.push({ from: frame.start, to: end, answered: false, attribution });
  }

  /** What begins here, as a node of the open elements: of the innermost one, and of those that have nothing before it. */
  private placesFrom(start: number): Place[] {
    const places: Place[] = [];
    let from = start;
    for (let frame: Frame | null = this.top; frame !== null; frame = frame.parent) {
      places.push({ frame, from });
      if (frame.filled || frame.name === 'body') break;
      from = frame.start;
    }
    return places;
  }

  private fill(): void {
    for (let frame: Frame | null = this.top; frame !== null && !frame.filled; frame = frame.parent) frame.filled = true;
  }

  private startRest(places: readonly Place[]): void {
    this.attribution = null;
    this.header = null;
    const place = places.at(-1);
    // An element that has ended meanwhile, or one between the rows of a table, cannot hold what follows.
    if (place !== undefined && !place.frame.closed && !STRUCTURE.has(place.frame.name)) this.rest = place;
  }

  private endLine(at: number): void {
    const { line } = this;
    this.line = null;
    if (line === null) return;
    const text = normaliseLine(line.text);
    if (text === '') return;
    if (this.inside !== null && !this.inside.read) {
      this.inside.firstLine = text;
      this.inside.read = true;
    }
    if (this.looking && line.places.length > 0) this.judge(line, text, at);
  }

  private judge(line: Line, text: string, at: number): void {
    if (isForwardMark(text)) {
      this.forwarded = true;
      this.attribution = null;
      return;
    }
    if (this.attribution !== null) return this.startRest(this.attribution.places);
    if (isOriginalMark(text) || holdsHeaderBlock(text)) return this.startRest(line.places);
    if (isAttribution(text)) {
      const place = line.places.find(({ frame }) => frame === this.top);
      const range = place === undefined || STRUCTURE.has(this.top.name) ? null : { from: place.from, to: at };
      this.attribution = { places: line.places, range };
      return;
    }
    if (this.countHeader(line, text)) return;
    const last = this.elements.at(-1);
    if (last !== undefined) last.answered = true;
  }

  /** Whether the line belongs to the header of a quoted mail that is written line by line. */
  private countHeader(line: Line, text: string): boolean {
    if (this.header !== null) {
      this.header.lines++;
      if (isHeaderField(text)) this.header.fields++;
      if (this.header.fields >= 2) this.startRest(this.header.places);
      else if (this.header.lines >= BLOCK_LINES) this.header = null;
      return true;
    }
    if (!opensHeader(text)) return false;
    this.header = { places: line.places, fields: 0, lines: 0 };
    return true;
  }
}
