const MAX_LINE = 8 * 1024;
const MAX_COMMAND = 64 * 1024;
const CR = 13;
const LF = 10;

/** What was sent cannot be a command that we take; the connection has to end. */
export class TooLong extends Error {}

/**
 * Cuts what comes in into commands: lines, with the literals that they announce (`{5}` or `{5+}`, RFC 7888). A command holds its
 * literals where they were announced, `{5}\r\nhello`, and no line end after its last line.
 */
export class CommandReader {
  private held: Buffer = Buffer.alloc(0);
  /** Where the line that is being read begins in `held`. */
  private lineAt = 0;
  /** A literal has been asked for and is not here yet. */
  private waiting = false;

  /** `announced`: called when the sender waits for our word before it sends a literal. */
  constructor(private readonly announced: () => void) {}

  /** The commands that are complete now. Throws `TooLong`. */
  *push(chunk: Buffer): Generator<Buffer> {
    this.held = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    for (;;) {
      const end = this.held.indexOf(LF, this.lineAt);
      if ((end < 0 ? this.held.length : end) - this.lineAt > MAX_LINE) throw new TooLong('the line is too long');
      if (end < 0) return;
      const lineEnd = end > this.lineAt && this.held[end - 1] === CR ? end - 1 : end;
      const literal = /\{(\d{1,10})(\+?)\}$/.exec(
        this.held.toString('latin1', Math.max(this.lineAt, lineEnd - 16), lineEnd),
      );
      if (literal === null) {
        const command = this.held.subarray(0, lineEnd);
        this.held = this.held.subarray(end + 1);
        this.lineAt = 0;
        yield command;
        continue;
      }
      const length = Number(literal[1]);
      if (end + 1 + length > MAX_COMMAND) throw new TooLong('the literal is too long');
      if (literal[2] === '' && this.held.length === end + 1 && !this.waiting) {
        this.waiting = true;
        this.announced();
      }
      if (this.held.length < end + 1 + length) return;
      this.waiting = false;
      this.lineAt = end + 1 + length;
    }
  }
}
