import { connect, type Socket } from 'node:net';

/** An answer: its status is all that the load looks at. */
type OnAnswer = (status: number) => void;

const HEAD_END = '\r\n\r\n';

/** One kept HTTP/1.1 connection that has one request on its way at a time. By hand, for the same reason as the WebSocket. */
export class HttpLine {
  private bytes: Buffer = Buffer.alloc(0);
  private waiting: OnAnswer | null = null;
  broken: Error | null = null;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('the server closed the connection')));
  }

  static open(host: string, port: number): Promise<HttpLine> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, host);
      socket.setNoDelay(true);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new HttpLine(socket));
      });
    });
  }

  /** Sends a whole request; `onAnswer` gets the status, or 0 when the connection broke. */
  send(request: string, onAnswer: OnAnswer): void {
    if (this.broken !== null) return onAnswer(0);
    this.waiting = onAnswer;
    this.socket.write(request);
  }

  close(): void {
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    this.bytes = this.bytes.length === 0 ? chunk : Buffer.concat([this.bytes, chunk]);
    const end = this.bytes.indexOf(HEAD_END);
    if (end < 0) return;
    const head = this.bytes.toString('latin1', 0, end).toLowerCase();
    const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
    const bodyFrom = end + HEAD_END.length;
    const whole =
      length !== undefined
        ? bodyFrom + Number(length)
        : head.includes('\r\ntransfer-encoding: chunked')
          ? afterChunks(this.bytes, bodyFrom)
          : bodyFrom;
    if (whole === null || this.bytes.length < whole) return;
    const status = Number(head.slice(9, 12));
    this.bytes = this.bytes.subarray(whole);
    this.answer(status);
  }

  private answer(status: number): void {
    const waiting = this.waiting;
    this.waiting = null;
    waiting?.(status);
  }

  private fail(error: Error): void {
    this.broken ??= error;
    this.answer(0);
  }
}

/** Where a chunked body ends; null while it has not. */
function afterChunks(bytes: Buffer, from: number): number | null {
  for (let at = from; ;) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return null;
    const size = parseInt(bytes.toString('latin1', at, line), 16);
    at = line + 2 + size + 2;
    if (at > bytes.length) return null;
    if (size === 0) return at;
  }
}
