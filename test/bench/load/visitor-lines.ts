import { clientIdOf, textOf } from '../lib/messages';
import { HttpLine } from './http-line';

/** Whom a line of requests speaks for. */
export interface LoadVisitor {
  readonly token: string;
  readonly conversationId: string;
}

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

/** One whole request: the nth message of a visitor. */
export type WriteRequest = (visitor: number, nth: number, of: LoadVisitor) => string;

/**
 * The visitors' connections, one for each: a visitor's page sends the next message when the last was answered, so a visitor's messages
 * come in their order whatever the load. A connection that was closed while nothing was on its way is opened again, as a page would.
 */
export class VisitorLines {
  private readonly queues: (() => void)[][];
  private readonly busy: boolean[];

  private constructor(
    private readonly target: Target,
    private readonly write: WriteRequest,
    private readonly visitors: readonly LoadVisitor[],
    private readonly lines: HttpLine[],
  ) {
    this.queues = visitors.map(() => []);
    this.busy = visitors.map(() => false);
  }

  /** `write`: posts of the website unless given. */
  static async open(
    target: Target,
    visitors: readonly LoadVisitor[],
    write: WriteRequest = postWriter(target),
  ): Promise<VisitorLines> {
    const lines: HttpLine[] = [];
    for (const _ of visitors) lines.push(await HttpLine.open(target.host, target.port));
    return new VisitorLines(target, write, visitors, lines);
  }

  /** Posts a visitor's nth message once the one before it was answered; resolves to the status (0: the connection broke). */
  post(visitor: number, nth: number): Promise<number> {
    return new Promise((resolve) => {
      const answered = (status: number): void => {
        resolve(status);
        const next = this.queues[visitor]!.shift();
        if (next === undefined) this.busy[visitor] = false;
        else next();
      };
      const send = (): void => {
        this.busy[visitor] = true;
        const line = this.lines[visitor]!;
        if (line.broken === null) return line.send(this.write(visitor, nth, this.visitors[visitor]!), answered);
        HttpLine.open(this.target.host, this.target.port).then(
          (fresh) => {
            this.lines[visitor] = fresh;
            fresh.send(this.write(visitor, nth, this.visitors[visitor]!), answered);
          },
          () => answered(0),
        );
      };
      if (this.busy[visitor] === true) this.queues[visitor]!.push(send);
      else send();
    });
  }

  close(): void {
    for (const line of this.lines) line.close();
  }
}

const postWriter =
  ({ host, port, path }: Target): WriteRequest =>
  (_visitor, nth, { token }) => {
    const body = `{"clientId":"${clientIdOf(nth)}","content":{"kind":"text","text":"${textOf(nth)}"}}`;
    return (
      `POST ${path} HTTP/1.1\r\nhost: ${host}:${port}\r\nauthorization: Bearer ${token}\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
    );
  };
