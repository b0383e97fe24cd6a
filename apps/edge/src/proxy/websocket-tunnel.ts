import { Injectable } from '@nestjs/common';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { currentTraceparent, newId, runNow, scopeOf, type Upgrade } from '@huiliu/platform';
import { Upstreams } from '../upstreams/upstreams';
import { handshakeLines } from './headers';

const CONNECT_MS = 3000;

/** Hands WebSockets on byte by byte: frames, close codes and refusals reach the client as the app sent them. */
@Injectable()
export class WebSocketTunnel {
  constructor(private readonly upstreams: Upstreams) {}

  async open(app: string, sticky: string | null, upgrade: Upgrade): Promise<void> {
    for (const origin of this.upstreams.candidates(app, sticky)) {
      const upstream = await connectTo(origin);
      if (upstream === null) {
        this.upstreams.gone(origin);
        continue;
      }
      const { request } = upgrade;
      const traceparent = runNow(scopeOf(request), currentTraceparent);
      const hop = { address: upgrade.address, requestId: newId(), traceparent };
      upstream.write(`GET ${request.url ?? '/'} HTTP/1.1\r\n${handshakeLines(request, hop)}\r\n`);
      const { socket, head } = upgrade.takeOver();
      return join(socket, head, upstream);
    }
    upgrade.reject(503, 'unavailable', 'this part is not running right now', { 'retry-after': '2' });
  }
}

function connectTo(origin: string): Promise<Socket | null> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port || 80), noDelay: true });
    const failed = (): void => {
      socket.destroy();
      resolve(null);
    };
    socket.setTimeout(CONNECT_MS, failed);
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', failed);
      resolve(socket);
    });
  });
}

/**
 * Joins the two ends. What the client says goes on only once the app has agreed (101): after a refusal the connection would still be
 * one for plain requests, past everything that the edge refuses.
 */
function join(client: Duplex, head: Buffer, upstream: Socket): void {
  const end = (): void => {
    client.destroy();
    upstream.destroy();
  };
  upstream.on('error', end);
  client.on('error', end);
  upstream.on('close', () => client.end(() => client.destroy()));
  client.on('close', () => upstream.destroy());
  if ('setTimeout' in client) (client as Socket).setTimeout(0);

  let said = '';
  const onAnswer = (chunk: Buffer): void => {
    said += chunk.toString('latin1');
    client.write(chunk);
    if (said.length < 12) return;
    upstream.off('data', onAnswer);
    upstream.pipe(client);
    if (!/^HTTP\/1\.1 101/.test(said)) return;
    if (head.length > 0) upstream.write(head);
    client.pipe(upstream);
  };
  upstream.on('data', onAnswer);
}
