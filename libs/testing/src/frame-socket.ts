import { once } from 'node:events';
import { ServerFrame } from '@huiliu/contracts';
import WebSocket from 'ws';

interface Waiter {
  readonly matches: (frame: ServerFrame) => boolean;
  readonly resolve: (frame: ServerFrame) => void;
}

/** A WebSocket that keeps every frame it got, so that a test asks for what has come and for what is to come alike. */
export class FrameSocket {
  readonly frames: ServerFrame[] = [];
  readonly closed: Promise<{ code: number }>;
  private readonly waiters = new Set<Waiter>();

  private constructor(readonly socket: WebSocket) {
    this.closed = new Promise((resolve) => socket.once('close', (code) => resolve({ code })));
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => this.take(ServerFrame.parse(JSON.parse(data.toString('utf8')))));
  }

  /** Opens and waits for `hello`. Rejects with `UpgradeRefused` when the server does not upgrade. */
  static async open(url: string, headers: Record<string, string> = {}): Promise<FrameSocket> {
    const socket = new WebSocket(url, { headers, perMessageDeflate: false });
    const frames = new FrameSocket(socket);
    const refused = new Promise<never>((_, reject) => {
      socket.once('unexpected-response', (_request, response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          reject(new UpgradeRefused(response.statusCode ?? 0, Buffer.concat(chunks).toString('utf8'))),
        );
      });
      socket.once('error', reject);
    });
    refused.catch(() => undefined);
    await Promise.race([frames.next('hello'), refused]);
    return frames;
  }

  /** The `seq` of the last frame of the record. */
  get position(): string {
    const last = this.frames.findLast((frame) => frame.seq !== null);
    if (last?.seq == null) throw new Error('no frame of the record yet');
    return last.seq;
  }

  /** The first frame that matches, of those that came and those to come. */
  waitFor(what: string, matches: (frame: ServerFrame) => boolean, timeoutMs = 15_000): Promise<ServerFrame> {
    const known = this.frames.find(matches);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiters.delete(waiter);
        reject(
          new Error(
            `no frame within ${timeoutMs} ms: ${what}; got ${this.frames.map((frame) => frame.type).join(', ')}`,
          ),
        );
      }, timeoutMs);
      // Somebody who no longer waits for the answer does not keep the run alive.
      timer.unref();
      const waiter: Waiter = {
        matches,
        resolve: (frame) => {
          clearTimeout(timer);
          resolve(frame);
        },
      };
      this.waiters.add(waiter);
    });
  }

  next(type: ServerFrame['type'], timeoutMs?: number): Promise<ServerFrame> {
    return this.waitFor(type, (frame) => frame.type === type, timeoutMs);
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** Everything sent before has been handled, and every frame made before has arrived, once the server answers this. */
  async roundTrip(): Promise<void> {
    const before = this.frames.filter((frame) => frame.type === 'pong').length;
    this.send({ type: 'ping' });
    await this.waitFor('pong', () => this.frames.filter((frame) => frame.type === 'pong').length > before);
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    this.socket.close();
    const timer = setTimeout(() => this.socket.terminate(), 2000);
    await this.closed;
    clearTimeout(timer);
  }

  /** Cuts the connection without a word, as a network does. */
  async cut(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    this.socket.terminate();
    await once(this.socket, 'close').catch(() => undefined);
  }

  private take(frame: ServerFrame): void {
    this.frames.push(frame);
    for (const waiter of [...this.waiters]) {
      if (!waiter.matches(frame)) continue;
      this.waiters.delete(waiter);
      waiter.resolve(frame);
    }
  }
}

/** The server answered a WebSocket's opening with a status of its own. */
export class UpgradeRefused extends Error {
  constructor(
    readonly status: number,
    readonly body: string,
  ) {
    super(`upgrade refused with ${status}: ${body.slice(0, 200)}`);
  }
}

/** `http://…` as `ws://…`. */
export function socketUrl(baseUrl: string, path: string): string {
  return `${baseUrl.replace(/^http/, 'ws')}${path}`;
}
