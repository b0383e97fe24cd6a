import { createServer } from 'node:net';

/**
 * Ports that no system gives to connections that go out (Linux: from 32768, others: from 49152). One of those may go out of a port
 * between our finding it free and a process's listening there, or while that process is started again.
 */
const [FIRST, LAST] = [15_000, 32_000];
const TRIES = 1000;

/** A port nobody listens on, on loopback. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (await canListen(port)) return port;
  }
  throw new Error(`no free port between ${FIRST} and ${LAST}`);
}

function canListen(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
