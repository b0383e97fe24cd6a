import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { buildConnector, type Dispatcher, errors, Pool } from 'undici';
import { ANSWER_MS, NotConnected } from './asking';

/** Connections to one process, and how many posts each carries that are not answered yet. */
const LINES = 4;
const ON_EACH = 256;
/** As long as the connections for everything else are kept. */
const IDLE_MS = 60_000;

/** undici does not take it for a request that it can send; Node may. */
export class Unfit extends Error {}

/** An app's answer, read to its end. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Post {
  readonly path: string;
  readonly headers: Record<string, string | string[]>;
  readonly body: Buffer;
}

/**
 * Carries what visitors write to an app: many small posts over a few connections, one behind the other (HTTP pipelining). What comes in one
 * turn of the event loop leaves in one write. Only for posts that may be sent twice and that none of them keeps waiting: when a connection
 * breaks, the first on it fails and those behind it are sent again.
 */
@Injectable()
export class PostLines implements OnApplicationShutdown {
  private readonly lines = new Map<string, Lines>();

  constructor(private readonly answerMs = ANSWER_MS) {}

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.lines.values()].map((lines) => lines.end()));
  }

  /** Resolves to the app's answer. Throws `NotConnected` or `Unfit` where nothing was sent. */
  async ask(origin: string, post: Post): Promise<WholeAnswer> {
    let lines = this.lines.get(origin);
    if (lines === undefined) this.lines.set(origin, (lines = new Lines(origin, this.answerMs)));
    try {
      return await lines.ask(post);
    } catch (error) {
      if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError)
        this.giveUp(origin, lines);
      throw error;
    }
  }

  /** A process that does not answer the first in line answers nobody behind: they shall not each wait as long again. */
  private giveUp(origin: string, lines: Lines): void {
    if (this.lines.get(origin) === lines) this.lines.delete(origin);
    void lines.end();
  }
}

class Lines {
  private readonly pool: Pool;
  private readonly sockets = new Set<Socket>();
  private held = false;

  constructor(origin: string, answerMs: number) {
    const connect = buildConnector({});
    this.pool = new Pool(origin, {
      connections: LINES,
      pipelining: ON_EACH,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      headersTimeout: answerMs,
      bodyTimeout: answerMs,
      connect: (options, done) =>
        connect(options, (...outcome) => {
          // Of a connection that failed it tells the error alone, whatever its types say.
          if (outcome[0] === null) this.add(outcome[1]);
          done(...outcome);
        }),
    });
  }

  ask({ path, headers, body }: Post): Promise<WholeAnswer> {
    this.hold();
    return new Promise((resolve, reject) => {
      this.pool.dispatch(
        { path, method: 'POST', headers, body, idempotent: true, blocking: false },
        new Asked(resolve, reject),
      );
    });
  }

  end(): Promise<void> {
    return this.pool.destroy();
  }

  private add(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
  }

  /** Keeps what is written until all that has come in has been read. */
  private hold(): void {
    if (this.held) return;
    this.held = true;
    const sockets = [...this.sockets];
    for (const socket of sockets) socket.cork();
    setImmediate(() => {
      this.held = false;
      for (const socket of sockets) socket.uncork();
    });
  }
}

/** One post on its way. */
class Asked implements Dispatcher.DispatchHandler {
  private sent = false;
  private status = 0;
  private headers: IncomingHttpHeaders = {};
  private body: Buffer[] = [];

  constructor(
    private readonly resolve: (answer: WholeAnswer) => void,
    private readonly reject: (error: Error) => void,
  ) {}

  /** Called again when it is sent again. */
  onRequestStart(): void {
    this.sent = true;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.status = status;
    this.headers = headers;
    this.body = [];
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.body.push(chunk);
  }

  onResponseEnd(): void {
    const { status, headers, body } = this;
    this.resolve({ status, headers, body: body.length === 1 ? body[0]! : Buffer.concat(body) });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.sent || error instanceof errors.ClientDestroyedError) this.reject(error);
    else this.reject(error instanceof errors.InvalidArgumentError ? new Unfit() : new NotConnected());
  }
}
