import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PostLines } from './post-lines';

let server: Server;
let origin: string;
/** How many were asked for, and whether they are answered. */
let asked = 0;
let answers = false;

beforeAll(async () => {
  server = createServer((request, response) => {
    asked++;
    request.resume();
    if (answers) response.writeHead(202).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test('a process that answers nobody is given up for all in line at once, and asked anew by who comes later', async () => {
  const lines = new PostLines(500);
  const post = { path: '/', headers: { host: 'x' }, body: Buffer.from('{}') };
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => lines.ask(origin, post)));
  expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => 'rejected'));
  // Those that were behind the first were not sent again.
  expect(asked).toBe(50);
  answers = true;
  expect(await lines.ask(origin, post)).toMatchObject({ status: 202 });
  await lines.onApplicationShutdown();
});
