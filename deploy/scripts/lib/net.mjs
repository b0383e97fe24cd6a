import net from 'node:net';

/**
 * Ports that no system gives to connections that go out (Linux: from 32768, others: from 49152). One of those may go out of a port
 * between our finding it free and a process's listening there, or while that process is started again.
 */
const [FIRST, LAST] = [15_000, 32_000];
const TRIES = 1000;

/** A port nobody listens on, on loopback. */
export async function freePort() {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (!(await portBusy(port, '127.0.0.1'))) return port;
  }
  throw new Error(`no free port between ${FIRST} and ${LAST}`);
}

/** Whether something listens on this port already. */
export async function portBusy(port, host) {
  const server = net.createServer();
  return new Promise((resolve) => {
    server.once('error', (error) => resolve(error.code === 'EADDRINUSE'));
    server.listen(port, host, () => server.close(() => resolve(false)));
  });
}
