import { Inject, Injectable, Logger } from '@nestjs/common';
import type { IncomingMessage, Server } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { Config } from '../config/config';
import { answerOf, errorBody } from '../errors/answer';
import { tooMany } from '../errors/app-error';
import { GLOBAL_RATE } from '../http/global-rate';
import { clientAddress, rateKeyOf } from '../http/client-address';
import { RateLimits } from '../limits/rate-limits';
import { keepScope, newTraceparent, openScope, readTraceparent, runNow, scopeOf } from '../trace/trace';
import { newId } from '../ids';
import { FrameLine } from './frame-line';

export interface AcceptOptions {
  /** The largest frame in bytes; 64 KiB unless said otherwise. A larger one closes the socket with 1009. */
  readonly maxPayload?: number;
}

/** A request to become a WebSocket. Answer it once: accept, reject or take the raw socket over. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly match: RegExpExecArray;
  /** The client's address, as everywhere. */
  readonly address: string;
  accept(options?: AcceptOptions): Promise<WebSocket>;
  /** The same, for whoever sends many frames: those of one turn are written at once. */
  acceptLine(options?: AcceptOptions): Promise<FrameLine>;
  reject(status: number, code: string, message: string, headers?: Readonly<Record<string, string>>): void;
  /** Hands over the socket as it stands, with what was read of it already: for proxies. */
  takeOver(): { readonly socket: Duplex; readonly head: Buffer };
}

export type UpgradeHandler = (upgrade: Upgrade) => void | Promise<void>;

interface UpgradeOptions {
  /** The handler hands the handshake's scope on by itself (`scopeOf(request)`, `runNow`): nothing is watched while the socket is open. */
  readonly handsScopeOn?: boolean;
}

interface Route extends UpgradeOptions {
  readonly pattern: RegExp;
  readonly handler: UpgradeHandler;
}

const MAX_PAYLOAD = 64 * 1024;
const HEARTBEAT_MS = 30_000;

interface Found {
  readonly match: RegExpExecArray;
  readonly route: Route;
}

/** A handshake, and what waits for it. */
interface Asked {
  readonly request: IncomingMessage;
  readonly url: URL | null;
  readonly found: Found | null;
}

/** The one listener for WebSocket handshakes: finds the handler by path, answers refusals in the one error shape, closes all at the end. */
@Injectable()
export class UpgradeRouter {
  private readonly logger = new Logger('Upgrade');
  private readonly routes: Route[] = [];
  private readonly servers = new Map<number, WebSocketServer>();
  private readonly alive = new Map<WebSocket, boolean>();
  private readonly taken = new Set<Duplex>();
  private readonly handshakes = new WeakMap<IncomingMessage, (error: Error) => void>();
  private heartbeat: NodeJS.Timeout | undefined;
  private stopping = false;

  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(RateLimits) private readonly limits: RateLimits,
  ) {}

  /** Hands upgrades whose path matches `pattern` (anchor it at both ends) to `handler`. The first match wins. */
  add(pattern: RegExp, handler: UpgradeHandler, options: UpgradeOptions = {}): void {
    // Without `g` and `y`: a pattern that remembers where it stopped would miss every other request.
    this.routes.push({ ...options, pattern: new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')), handler });
  }

  /** True when a handler waits for WebSockets on this path. */
  knows(path: string): boolean {
    return this.routes.some(({ pattern }) => pattern.test(path));
  }

  /** How many sockets are open. */
  get open(): number {
    return this.alive.size;
  }

  /** Listens to a server's upgrades. Called by `startService`. */
  attach(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const scope = {
        traceparent: readTraceparent(request.headers['traceparent']) ?? newTraceparent(),
        requestId: newId(),
      };
      keepScope(request, scope);
      const url = pathOf(request.url);
      const found = url === null ? null : this.find(url.pathname);
      const go = (): void => void this.route({ request, url, found }, socket, head);
      if (found?.route.handsScopeOn === true) runNow(scope, go);
      else openScope(scope, (leave) => void socket.once('close', leave), go);
    });
    this.heartbeat = setInterval(() => this.beat(), HEARTBEAT_MS).unref();
  }

  /** Ends every socket with 1001 and takes no more; resolves when all are closed, at the latest after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.stopping = true;
    clearInterval(this.heartbeat);
    const sockets = [...this.alive.keys()];
    const closed = Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    for (const socket of sockets) socket.close(1001, 'going away');
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([closed, new Promise((resolve) => (timer = setTimeout(resolve, timeoutMs)))]);
    clearTimeout(timer);
    for (const socket of this.alive.keys()) socket.terminate();
    for (const socket of this.taken) socket.destroy();
  }

  private async route({ request, url, found }: Asked, socket: Duplex, head: Buffer): Promise<void> {
    // A peer that resets while it is being answered must not bring the process down.
    socket.on('error', () => socket.destroy());
    const refuse = (
      status: number,
      code: string,
      message: string,
      headers: Readonly<Record<string, string>> = {},
    ): void => writeRefusal(socket, status, errorBody(code, message), headers);

    if (this.stopping) return refuse(503, 'unavailable', 'stopping', { 'retry-after': '5' });
    if (request.headers.upgrade?.toLowerCase() !== 'websocket')
      return refuse(426, 'upgrade_required', 'only WebSocket is spoken here', { upgrade: 'websocket' });
    if (url === null) return refuse(400, 'bad_path', 'the path is malformed');
    if (found === null) return refuse(404, 'not_found', 'no such page');
    if (request.method !== 'GET') return refuse(405, 'method_not_allowed', 'method not allowed', { allow: 'GET' });
    const address = clientAddress(request, this.config);
    const wait = this.limits.take(GLOBAL_RATE.bucket, rateKeyOf(address), GLOBAL_RATE);
    if (wait > 0) return refuse(429, 'too_many_requests', tooMany(wait).message, { 'retry-after': String(wait) });

    let answered = false;
    const once = (): void => {
      if (answered) throw new Error('this upgrade has been answered already');
      answered = true;
    };
    const upgrade: Upgrade = {
      request,
      url,
      match: found.match,
      address,
      accept: (options = {}) => {
        once();
        return this.handshake(request, socket, head, options.maxPayload ?? MAX_PAYLOAD);
      },
      acceptLine: async (options) => new FrameLine(await upgrade.accept(options), socket),
      reject: (status, code, message, headers) => {
        once();
        refuse(status, code, message, headers);
      },
      takeOver: () => {
        once();
        this.taken.add(socket);
        socket.once('close', () => this.taken.delete(socket));
        return { socket, head };
      },
    };
    const failed = (error: unknown): void =>
      runNow(scopeOf(request), () => this.logger.error({ err: error }, 'upgrade handler failed'));
    try {
      await found.route.handler(upgrade);
    } catch (error) {
      if (answered) {
        if (!(error instanceof HandshakeFailed)) failed(error);
        return;
      }
      const answer = answerOf(error);
      if (!answer.expected) failed(error);
      writeRefusal(socket, answer.status, answer.body, answer.headers);
    }
  }

  private find(path: string): Found | null {
    for (const route of this.routes) {
      const match = route.pattern.exec(path);
      if (match !== null) return { match, route };
    }
    return null;
  }

  private handshake(request: IncomingMessage, socket: Duplex, head: Buffer, maxPayload: number): Promise<WebSocket> {
    return new Promise((resolve, reject) => {
      if (socket.destroyed) return reject(new HandshakeFailed('the peer has gone'));
      const gone = (): void => reject(new HandshakeFailed('the peer has gone'));
      socket.once('close', gone);
      this.handshakes.set(request, reject);
      this.server(maxPayload).handleUpgrade(request, socket, head, (ws) => {
        socket.off('close', gone);
        // Without a listener a broken frame would be an uncaught exception; ws closes with the right code by itself.
        ws.on('error', () => undefined);
        ws.on('pong', () => this.alive.has(ws) && this.alive.set(ws, true));
        ws.on('close', () => this.alive.delete(ws));
        this.alive.set(ws, true);
        if (this.stopping) ws.close(1001, 'going away');
        resolve(ws);
      });
    });
  }

  private server(maxPayload: number): WebSocketServer {
    const found = this.servers.get(maxPayload);
    if (found !== undefined) return found;
    const server = new WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: false, clientTracking: false });
    server.on('wsClientError', (_error, socket, request) => {
      writeRefusal(socket, 400, errorBody('bad_upgrade', 'the WebSocket handshake is malformed'), {
        'sec-websocket-version': '13',
      });
      this.handshakes.get(request)?.(new HandshakeFailed('malformed handshake'));
    });
    this.servers.set(maxPayload, server);
    return server;
  }

  /** A socket that has not answered the last ping is gone, whatever TCP believes. */
  private beat(): void {
    for (const [socket, answered] of this.alive) {
      if (!answered) {
        socket.terminate();
        continue;
      }
      this.alive.set(socket, false);
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    }
  }
}

class HandshakeFailed extends Error {}

/** The parsed address, or null when the path is not what it seems (`//host`, dot segments, another scheme). */
function pathOf(raw: string | undefined): URL | null {
  if (raw === undefined || !raw.startsWith('/') || raw.startsWith('//') || !URL.canParse(`http://localhost${raw}`))
    return null;
  const url = new URL(`http://localhost${raw}`);
  return url.pathname === raw.split(/[?#]/, 1)[0] ? url : null;
}

function writeRefusal(socket: Duplex, status: number, body: object, headers: Readonly<Record<string, string>>): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const text = JSON.stringify(body);
  const lines = Object.entries({
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n${lines.join('')}\r\n${text}`);
}
