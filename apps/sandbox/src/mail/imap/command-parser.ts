/** A part of a command; text is one letter per byte (Latin-1). */
export type Token =
  | { readonly kind: 'atom'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly Token[] };

export interface Command {
  readonly tag: string;
  /** In upper case; `UID FETCH` and the like are one name. */
  readonly name: string;
  readonly args: readonly Token[];
}

/** Not a command; `tag` answers it where one was read. */
export class BadCommand extends Error {
  constructor(
    message: string,
    readonly tag: string = '*',
  ) {
    super(message);
  }
}

const MAX_DEPTH = 8;
const MAX_TOKENS = 2000;
const TAG = /^[!#$&',\-./0-9:;<=>?@A-Z[\]^_`a-z|}~]{1,64}$/;

/** Reads a command as `CommandReader` gives it (RFC 3501 §9). Throws `BadCommand`. */
export function parseCommand(bytes: Buffer): Command {
  const text = bytes.toString('latin1');
  const [tag = ''] = text.split(' ', 1);
  if (!TAG.test(tag)) throw new BadCommand('expected a tag');
  try {
    const tokens = new Scanner(text, tag.length).tokens();
    const [first, second] = tokens;
    if (first?.kind !== 'atom') throw new BadCommand('expected a command');
    const name = first.text.toUpperCase();
    if (name !== 'UID') return { tag, name, args: tokens.slice(1) };
    if (second?.kind !== 'atom') throw new BadCommand('expected a command after UID');
    return { tag, name: `UID ${second.text.toUpperCase()}`, args: tokens.slice(2) };
  } catch (error) {
    if (error instanceof BadCommand) throw new BadCommand(error.message, tag);
    throw error;
  }
}

class Scanner {
  private count = 0;

  constructor(
    private readonly text: string,
    private at: number,
  ) {}

  /** Everything to the end, each part after one space. */
  tokens(): Token[] {
    const found: Token[] = [];
    while (this.at < this.text.length) {
      if (this.text[this.at] !== ' ') throw new BadCommand('expected a space');
      this.at++;
      found.push(this.token(0));
    }
    return found;
  }

  private token(depth: number): Token {
    if (++this.count > MAX_TOKENS || depth > MAX_DEPTH) throw new BadCommand('too much in one command');
    switch (this.text[this.at]) {
      case '"':
        return this.quoted();
      case '{':
        return this.literal();
      case '(':
        return this.list(depth);
      default:
        return this.atom();
    }
  }

  private quoted(): Token {
    const match = /"((?:[^"\\\r\n\0]|\\["\\])*)"/y;
    match.lastIndex = this.at;
    const found = match.exec(this.text);
    if (found === null) throw new BadCommand('the quoted string does not end');
    this.at = match.lastIndex;
    return { kind: 'string', text: found[1]!.replace(/\\(.)/g, '$1') };
  }

  private literal(): Token {
    const match = /\{(\d{1,10})\+?\}\r?\n/y;
    match.lastIndex = this.at;
    const found = match.exec(this.text);
    if (found === null) throw new BadCommand('expected a literal');
    const end = match.lastIndex + Number(found[1]);
    if (end > this.text.length) throw new BadCommand('the literal does not end');
    const text = this.text.slice(match.lastIndex, end);
    this.at = end;
    return { kind: 'string', text };
  }

  private list(depth: number): Token {
    const items: Token[] = [];
    this.at++;
    while (this.text[this.at] !== ')') {
      if (this.at >= this.text.length) throw new BadCommand('the list does not end');
      if (items.length > 0) {
        if (this.text[this.at] !== ' ') throw new BadCommand('expected a space in the list');
        this.at++;
      }
      items.push(this.token(depth + 1));
    }
    this.at++;
    return { kind: 'list', items };
  }

  /** Also `BODY.PEEK[HEADER.FIELDS (FROM TO)]<0.100>`, in one piece, and flags and wildcards. */
  private atom(): Token {
    const match = /(?:[^\s(){"[\]\x00-\x1f\x7f-\xff]+)(?:\[[^\]\r\n\0]*\](?:<[\d.]+>)?)?/y;
    match.lastIndex = this.at;
    const found = match.exec(this.text);
    if (found === null) throw new BadCommand('expected an argument');
    this.at = match.lastIndex;
    return { kind: 'atom', text: found[0] };
  }
}

/** The text of an atom or string. Throws `BadCommand`. */
export function textOf(token: Token | undefined): string {
  if (token === undefined || token.kind === 'list') throw new BadCommand('an argument is missing');
  return token.text;
}
