/**
 * The floor of `edge`: `node:http` reads the body, checks an HMAC over what it was given, makes the record durable on the broker and
 * answers. Requests that come while a batch is on its way share the next, as the product's do.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveNotes, tell } from '../lib/child';
import { idOf } from '../lib/messages';
import { GatheringProducer } from './gathering-producer';

const { FLOOR_BROKERS = '', FLOOR_TOPIC = '', FLOOR_KEY = '', FLOOR_ACCOUNT = '' } = process.env;
const producer = new GatheringProducer(FLOOR_BROKERS, FLOOR_TOPIC);

function isSigned(authorization: string | undefined): boolean {
  const [payload = '', signature = ''] = (authorization ?? '').slice('Bearer '.length).split('.');
  const expected = Buffer.from(createHmac('sha256', FLOOR_KEY).update(payload).digest('base64url'));
  const given = Buffer.from(signature);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { authorization } = request.headers;
    if (!isSigned(authorization)) {
      response.writeHead(401, { 'content-length': 0 }).end();
      return;
    }
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { clientId: string; content: object };
    const claims = JSON.parse(
      Buffer.from(authorization!.slice('Bearer '.length).split('.')[0]!, 'base64url').toString(),
    ) as { conversationId: string; visitorId: string };
    const at = new Date().toISOString();
    const id = idOf(claims.conversationId, body.clientId);
    const value = JSON.stringify({
      id,
      type: 'message.received',
      v: 1,
      key: `${FLOOR_ACCOUNT}:${claims.conversationId}`,
      occurredAt: at,
      traceparent: null,
      data: {
        accountId: FLOOR_ACCOUNT,
        channel: 'webchat',
        remoteConversationId: claims.conversationId,
        conversationId: claims.conversationId,
        contact: { remoteId: claims.visitorId, contactId: claims.visitorId, verified: false },
        direction: 'inbound',
        remoteId: id,
        messageId: id,
        clientId: body.clientId,
        content: body.content,
        sentAt: at,
      },
    });
    const done = (): void => {
      const answer = JSON.stringify({ id, clientId: body.clientId, acceptedAt: at });
      response
        .writeHead(202, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) })
        .end(answer);
    };
    producer.add({ key: `${FLOOR_ACCOUNT}:${claims.conversationId}`, value, done });
  });
});

// As the product keeps them: a visitor's connection must outlast the rounds in between.
server.keepAliveTimeout = 72_000;

void producer.connect().then(() =>
  server.listen(0, '127.0.0.1', () => {
    serveNotes({});
    tell({ type: 'ready', port: (server.address() as AddressInfo).port });
  }),
);
