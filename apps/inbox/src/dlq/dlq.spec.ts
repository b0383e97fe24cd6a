import {
  CHANNEL_INBOUND,
  channelOutbound,
  DLQ_COMMANDS,
  dlqTopicOf,
  type DlqEntry,
  type DlqItem,
  type Envelope,
} from '@huiliu/contracts';
import { wrap } from '@huiliu/bus';
import { newId } from '@huiliu/platform';
import { eventually } from '@huiliu/testing';
import { EdgesApp } from '../testing/edges-app';

describe('what could not be handled', () => {
  let app: EdgesApp;
  beforeAll(async () => {
    app = await EdgesApp.start();
  });
  afterAll(() => app.stop());

  const entry = (over: Partial<DlqEntry> = {}): DlqEntry => ({
    id: newId(),
    topic: CHANNEL_INBOUND.name,
    key: 'k',
    partition: 3,
    offset: '42',
    consumer: 'inbox',
    eventId: newId(),
    reason: 'handler failed',
    attempts: 5,
    state: 'parked',
    createdAt: new Date().toISOString(),
    ...over,
  });
  const tell = (source: string, type: string, data: DlqEntry | object) =>
    app.bus.publish([wrap(dlqTopicOf(source), type, 'k', data, new Date())]);
  const list = async (query = '') =>
    (await app.call<{ items: DlqItem[]; nextCursor: string | null }>(app.admin, 'GET', `/dlq${query}`)).body;
  const found = async (id: string) => (await list()).items.find((item) => item.id === id);

  it('is listed from any topic, kept up to date, and gone when it was handled', async () => {
    const [parked, dead] = [
      entry(),
      entry({ topic: channelOutbound('connector-webchat').name, state: 'dead', key: null }),
    ];
    await tell(parked.topic, 'dlq.stored', parked);
    await tell(dead.topic, 'dlq.stored', dead);
    const { eventId: _, ...item } = parked;
    await eventually('listed', async () => (await found(parked.id)) && (await found(dead.id)) !== undefined);
    expect(await found(parked.id)).toEqual(item);
    await tell(parked.topic, 'dlq.stored', { ...parked, attempts: 6, state: 'dead' });
    await eventually('updated', async () => (await found(parked.id))?.attempts === 6);
    await tell(parked.topic, 'dlq.removed', { id: parked.id, consumer: 'inbox', how: 'handled' });
    await eventually('gone', async () => (await found(parked.id)) === undefined);
  });

  it('is told to its consumer to try again or to throw away', async () => {
    const commands: Envelope[] = [];
    await app.bus.tail(DLQ_COMMANDS, 'end', (records) => commands.push(...records.map(({ envelope }) => envelope)));
    const stored = entry();
    await tell(stored.topic, 'dlq.stored', stored);
    await eventually('listed', () => found(stored.id));
    for (const action of ['replay', 'discard'])
      expect((await app.call<DlqItem>(app.admin, 'POST', `/dlq/${stored.id}/${action}`)).body.id).toBe(stored.id);
    await eventually('both commands', () => commands.length === 2);
    expect(commands.map(({ type, data }) => [type, data])).toEqual(
      ['dlq.replay', 'dlq.discard'].map((type) => [type, { id: stored.id, consumer: 'inbox', topic: stored.topic }]),
    );
    expect((await app.call(app.admin, 'POST', `/dlq/${newId()}/replay`)).status).toBe(404);
  });

  it('comes in pages, each entry once', async () => {
    const createdAt = new Date(Date.now() - 60_000).toISOString();
    const some = Array.from({ length: 7 }, () => entry({ createdAt }));
    for (const one of some) await tell(one.topic, 'dlq.stored', one);
    await eventually(
      'all listed',
      async () => (await list()).items.filter((item) => some.some(({ id }) => id === item.id)).length === 7,
    );
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const page: { items: DlqItem[]; nextCursor: string | null } = await list(
        `?limit=3${cursor === null ? '' : `&cursor=${cursor}`}`,
      );
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(some.map(({ id }) => id)));
    for (const bad of ['x', 'W10', Buffer.from('["x","y"]').toString('base64url')])
      expect((await app.call(app.admin, 'GET', `/dlq?cursor=${bad}`)).status).toBe(400);
  });
});
