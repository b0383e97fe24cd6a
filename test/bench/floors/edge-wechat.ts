/**
 * The floor of `edge-wechat`: `node:http` reads the body, checks an HMAC over it, makes it durable on the broker as it came and answers. It
 * neither decrypts nor parses. Requests that come while a batch is on its way share the next, as the product's do.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveNotes, tell } from '../lib/child';
import { hmacOf, readPushId } from '../load/wechat-pushes';
import { GatheringProducer } from './gathering-producer';

const { FLOOR_BROKERS = '', FLOOR_TOPIC = '', FLOOR_KEY = '' } = process.env;
const producer = new GatheringProducer(FLOOR_BROKERS, FLOOR_TOPIC);

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    const query = new URLSearchParams((request.url ?? '').split('?')[1]);
    const [id, given] = [query.get('id') ?? '', Buffer.from(query.get('hmac') ?? '')];
    const expected = Buffer.from(hmacOf(FLOOR_KEY, id, body));
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) {
      response.writeHead(401, { 'content-length': 0 }).end();
      return;
    }
    const value = JSON.stringify({ id, at: new Date().toISOString(), body: body.toString('utf8') });
    const done = (): void => void response.writeHead(200, { 'content-length': 7 }).end('success');
    producer.add({ key: String(readPushId(id).visitor), value, done });
  });
});

void producer.connect().then(() =>
  server.listen(0, '127.0.0.1', () => {
    serveNotes({});
    tell({ type: 'ready', port: (server.address() as AddressInfo).port });
  }),
);
