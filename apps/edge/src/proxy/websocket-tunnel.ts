import { Injectable } from '@nestjs/common';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { currentTraceparent, newId, runNow, scopeOf, type Upgrade } from '@huiliu/platform';
import { Upstreams } from '../upstreams/upstreams';
import { handshakeLines } from './headers';

const CONNECT_MS = 3000;
/** What is read of an app at once. */
const READ_BYTES = 64 * 1024;

/** Hands WebSockets on byte by byte: frames, close codes and refusals reach the client as the app sent them. */
@Injectable()
export class WebSocketTunnel {
  constructor(private readonly upstreams: Upstreams) {}

  async open(name: string, sticky: string | null, upgrade: Upgrade): Promise<void> {
    for (const origin of this.upstreams.candidates(name, sticky)) {
      const app = await AppSide.connect(origin);
      if (app === null) {
        this.upstreams.gone(origin);
        continue;
      }
      const { request } = upgrade;
      const traceparent = runNow(scopeOf(request), currentTraceparent);
      const hop = { address: upgrade.address, requestId: newId(), traceparent };
      app.socket.write(`GET ${request.url ?? '/'} HTTP/1.1\r\n${handshakeLines(request, hop)}\r\n`);
      const { socket, head } = upgrade.takeOver();
      return join(socket, head, app);
    }
    upgrade.reject(503, 'unavailable', 'this part is not running right now', { 'retry-after': '2' });
  }
}

/**
 * A connection to an app. What comes is read into one piece of memory again and again: to every screen goes everything that its agent sees, and
 * memory of its own for each read took a third of what a tunnel costs.
 */
class AppSide {
  /** Gets what was read; it must be used before the next. False: nothing more is read until `socket.resume()`. */
  take: (bytes: Buffer) => boolean = () => true;

  private constructor(readonly socket: Socket) {}

  /** Null when nobody listens. */
  static connect(origin: string): Promise<AppSide | null> {
    const { hostname, port } = new URL(origin);
    const memory = Buffer.allocUnsafeSlow(READ_BYTES);
    return new Promise((resolve) => {
      const socket: Socket = connect({
        host: hostname,
        port: Number(port || 80),
        noDelay: true,
        onread: { buffer: memory, callback: (length) => side.take(memory.subarray(0, length)) },
      });
      const side = new AppSide(socket);
      const failed = (): void => {
        socket.destroy();
        resolve(null);
      };
      socket.setTimeout(CONNECT_MS, failed);
      socket.once('error', failed);
      socket.once('connect', () => {
        socket.setTimeout(0);
        socket.off('error', failed);
        resolve(side);
      });
    });
  }
}

/**
 * Joins the two ends. What the client says goes on only once the app has agreed (101): after a refusal the connection would still be
 * one for plain requests, past everything that the edge refuses.
 */
function join(client: Duplex, head: Buffer, app: AppSide): void {
  const upstream = app.socket;
  const end = (): void => {
    client.destroy();
    upstream.destroy();
  };
  upstream.on('error', end);
  client.on('error', end);
  upstream.on('close', () => client.end(() => client.destroy()));
  client.on('close', () => upstream.destroy());
  if ('setTimeout' in client) (client as Socket).setTimeout(0);

  let waits = false;
  const onWritten = (): void => {
    if (!waits) return;
    waits = false;
    upstream.resume();
  };
  /** Mostly the system takes all of it at once; where it does not, the memory is still needed. */
  const pass = (bytes: Buffer): boolean => {
    client.write(bytes, onWritten);
    waits = client.writableLength > 0;
    return !waits;
  };
  let said = '';
  app.take = (bytes) => {
    said += bytes.toString('latin1');
    if (said.length >= 12) {
      app.take = pass;
      if (/^HTTP\/1\.1 101/.test(said)) {
        if (head.length > 0) upstream.write(head);
        client.pipe(upstream);
      }
    }
    return pass(bytes);
  };
}
