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
 * come in their order whatever the load.
 */
export class VisitorLines {
  private readonly queues: (() => void)[][];

  private constructor(
    private readonly write: WriteRequest,
    private readonly visitors: readonly LoadVisitor[],
    private readonly lines: HttpLine[],
  ) {
    this.queues = visitors.map(() => []);
  }

  /** `write`: posts of the website unless given. */
  static async open(
    target: Target,
    visitors: readonly LoadVisitor[],
    write: WriteRequest = postWriter(target),
  ): Promise<VisitorLines> {
    const lines: HttpLine[] = [];
    for (const _ of visitors) lines.push(await HttpLine.open(target.host, target.port));
    return new VisitorLines(write, visitors, lines);
  }

  /** Posts a visitor's nth message once the one before it was answered; resolves to the status (0: the connection broke). */
  post(visitor: number, nth: number): Promise<number> {
    return new Promise((resolve) => {
      const send = (): void => {
        this.lines[visitor]!.send(this.write(visitor, nth, this.visitors[visitor]!), (status) => {
          resolve(status);
          this.queues[visitor]!.shift()?.();
        });
      };
      if (this.lines[visitor]!.idle) send();
      else this.queues[visitor]!.push(send);
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
