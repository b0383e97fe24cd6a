import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export const STALL_EVERY = 500;
export const STALL_MS = 200;

/**
 * A server that stalls: after every 500th request nothing is answered for 200 ms. Who measures each request from when it was sent
 * sees a few slow ones; who measures from when it was due sees everyone that the stall held up.
 */
export async function startStallingStub(): Promise<{ port: number; stop: () => Promise<void> }> {
  let count = 0;
  let stalledUntil = 0;
  const server: Server = createServer((request, response) => {
    count++;
    const now = performance.now();
    if (count % STALL_EVERY === 0) stalledUntil = now + STALL_MS;
    request.resume();
    const wait = stalledUntil - now;
    const answer = (): void => {
      response.writeHead(202, { 'content-length': 2 }).end('{}');
    };
    if (wait > 0) setTimeout(answer, wait);
    else answer();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
