import { wrap } from '@huiliu/bus';
import { INBOX_EVENTS } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { createTestDatabase, testBrokers, type TestDatabase } from '@huiliu/testing';
import { VisitorFeed } from './feed/visitor-feed';
import { WebchatApp } from './testing/webchat-app';

jest.setTimeout(60_000);

const text = (words: string) => ({ kind: 'text' as const, text: words });
const OUTBOUND = { direction: 'outbound' as const, state: 'sent' as const };

describe('the website visitor’s feed on Kafka, where facts stay unread until a page is there', () => {
  let database: TestDatabase;
  let app: WebchatApp;
  let accountId: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    app = await WebchatApp.start({
      BUS: 'kafka',
      KAFKA_BROKERS: testBrokers().join(','),
      DATABASE_URL: database.url,
    });
    accountId = await app.account();
  });
  afterAll(async () => {
    await app.stop();
    await database.drop();
  });

  it('shows a page its conversation, and one that comes back all it missed, in order', async () => {
    const visitor = await app.visitor(accountId);
    const stranger = await app.visitor(accountId);
    const first = await visitor.connect();
    await app.fact(visitor, { direction: 'note', content: text('a note') });
    await app.fact(visitor, { ...OUTBOUND, content: text('not public') }, false);
    await app.fact(stranger, { ...OUTBOUND, content: text('not yours') });
    await app.fact(visitor, { ...OUTBOUND, seq: 1, content: text('"accountId":"m1"') });
    await first.waitFor('m1', (frame) => JSON.stringify(frame.data).includes('m1'));
    expect(first.frames.map(({ type }) => type)).toEqual(['hello', 'message.created']);
    const seen = first.frames[1]!.seq as string;
    await first.cut();
    for (const n of [2, 3, 4]) {
      await app.fact(visitor, { ...OUTBOUND, seq: n, content: text(`m${n}`) });
      await app.fact(stranger, { ...OUTBOUND, seq: n, content: text('not yours') });
    }
    const second = await visitor.connect();
    second.send({ type: 'resume', seq: seen });
    await second.waitFor('m4', (frame) => JSON.stringify(frame.data).includes('m4'));
    await app.fact(visitor, { ...OUTBOUND, seq: 5, content: text('m5') });
    await second.waitFor('m5', (frame) => JSON.stringify(frame.data).includes('m5'));
    expect(second.frames.slice(1).map(({ data }) => (data as { seq: number }).seq)).toEqual([2, 3, 4, 5]);
    await second.close();
  });

  it('keeps nothing of what other channels’ customers write', async () => {
    const visitor = await app.visitor(accountId);
    const socket = await visitor.connect();
    const feed = app.service.app.get(VisitorFeed).feed!;
    const before = { size: feed.size, memory: feed.bytes.memory };
    const foreign = { ...visitor, conversationId: newId(), accountId: newId() } as typeof visitor;
    for (let n = 0; n < 20; n++) await app.fact(foreign, { content: text('x'.repeat(3_000)) });
    await app.fact(visitor, { ...OUTBOUND, content: text('ours') });
    await socket.waitFor('ours', (frame) => JSON.stringify(frame.data).includes('ours'));
    expect(feed.size - before.size).toBe(1);
    expect(feed.bytes.memory - before.memory).toBeLessThan(3_000);
    await socket.close();
  });

  it('passes over what cannot be read', async () => {
    const visitor = await app.visitor(accountId);
    const socket = await visitor.connect();
    const broken = { message: { id: 'x' }, accountId, public: true };
    await app.bus.publish([wrap(INBOX_EVENTS, 'message.created', visitor.conversationId, broken, new Date())]);
    await app.fact(visitor, { ...OUTBOUND, content: text('behind it') });
    await socket.waitFor('behind it', (frame) => JSON.stringify(frame.data).includes('behind it'));
    expect(socket.frames.map(({ type }) => type)).toEqual(['hello', 'message.created']);
    await socket.close();
  });
});
