import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metrics, newId } from '@huiliu/platform';
import type { EventBatch } from '@huiliu/bus';
import type { RoutingWorkEvent } from '@huiliu/contracts';
import { openDatabase, Outbox, type OpenStorage, type OutboxRecord, type Tx } from '@huiliu/storage';
import { Epoch, StaleEpoch } from './epoch';
import { RoutingService } from './routing.service';
import { ROUTING_SCHEMA } from './schema';
import { StateRepository } from './state.repository';

type Work = Pick<RoutingWorkEvent, 'type' | 'data'>;

const ACCOUNT = newId();
const AGENT = newId();

const agentOnline = (capacity = 5): Work => ({
  type: 'agent.changed',
  data: {
    agentId: AGENT,
    revision: 1,
    name: '小林',
    role: 'agent',
    capacity,
    presence: 'online',
    presenceSince: new Date().toISOString(),
    disabled: false,
    gone: false,
  },
});
const workCreated = (conversationId: string): Work => ({
  type: 'work.created',
  data: {
    conversationId,
    version: 0,
    accountId: ACCOUNT,
    teamId: null,
    priority: 'normal',
    weight: 1,
    lastAgentId: null,
    waitingSince: new Date().toISOString(),
  },
});

/** A batch as the bus gives it; nothing of it was handled before. */
function batchOf(...events: Work[]): EventBatch<RoutingWorkEvent['data']> {
  const deliveries = events.map((event, i) => ({
    topic: 'routing.work.v1',
    partition: 0,
    offset: String(i),
    envelope: { id: newId(), v: 1, key: 'routing', occurredAt: new Date().toISOString(), traceparent: null, ...event },
  }));
  return { deliveries, claim: () => Promise.resolve(deliveries) };
}

/** Keeps what was said, of transactions that committed. */
class RecordingOutbox extends Outbox {
  readonly said: { type: string; data: { conversationId: string } }[] = [];
  failNext = false;

  add(tx: Tx, records: readonly OutboxRecord[]): Promise<void> {
    if (this.failNext) {
      this.failNext = false;
      throw new Error('the outbox is full');
    }
    tx.afterCommit(() => {
      for (const record of records)
        this.said.push(JSON.parse(record.value) as { type: string; data: { conversationId: string } });
    });
    return Promise.resolve();
  }
}

describe('the routing service', () => {
  let folder: string;
  let storage: OpenStorage;
  let outbox: RecordingOutbox;
  const services: RoutingService[] = [];

  const start = (): RoutingService => {
    const epoch = new Epoch(storage.database, storage.clock);
    const service = new RoutingService(
      storage.database,
      storage.clock,
      epoch,
      new StateRepository(storage.database),
      outbox,
      new Metrics(),
    );
    services.push(service);
    return service;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'huiliu-routing-'));
    storage = await openDatabase({
      url: `sqlite:${join(folder, 'routing.db')}`,
      dataDir: folder,
      prefix: 'routing',
      schemas: [ROUTING_SCHEMA],
    });
    outbox = new RecordingOutbox();
  });

  afterEach(async () => {
    for (const service of services.splice(0)) await service.onApplicationShutdown();
    await storage.close();
    await rm(folder, { recursive: true });
  });

  it('decides, and goes on from its record after a restart', async () => {
    const [one, two] = [newId(), newId()];
    await start().handle(batchOf(agentOnline(1), workCreated(one), workCreated(two)));
    expect(outbox.said.map(({ type, data }) => [type, data.conversationId])).toEqual([
      ['work.assigned', one],
      ['work.queued', two],
    ]);
    outbox.said.length = 0;
    await start().handle(
      batchOf({ type: 'work.closed', data: { conversationId: one, version: 0, reason: 'resolved' } }),
    );
    expect(outbox.said).toMatchObject([{ type: 'work.assigned', data: { conversationId: two, agentId: AGENT } }]);
  });

  it('forgets what it could not write down', async () => {
    const service = start();
    await service.handle(batchOf(agentOnline(1)));
    outbox.failNext = true;
    const conversation = newId();
    await expect(service.handle(batchOf(workCreated(conversation)))).rejects.toThrow('the outbox is full');
    expect(outbox.said).toEqual([]);
    await service.handle(batchOf(workCreated(conversation)));
    expect(outbox.said).toMatchObject([{ type: 'work.assigned', data: { conversationId: conversation } }]);
  });

  it('refuses the writes of a process that was replaced', async () => {
    const [stale, fresh] = [new Epoch(storage.database, storage.clock), new Epoch(storage.database, storage.clock)];
    await stale.take();
    await fresh.take();
    await expect(storage.database.transaction((tx) => stale.assertMine(tx))).rejects.toThrow(StaleEpoch);
    await storage.database.transaction((tx) => fresh.assertMine(tx));
    expect([stale.active(), fresh.active()]).toEqual([false, true]);
  });

  it('leaves a living writer alone and replaces a silent one', async () => {
    const [writer, standby] = [
      new Epoch(storage.database, storage.clock),
      new Epoch(storage.database, { now: () => new Date(Date.now() + 11_000) }),
    ];
    await writer.take();
    expect(await new Epoch(storage.database, storage.clock).takeIfSilent()).toBe(false);
    expect(await standby.takeIfSilent()).toBe(true);
    await expect(storage.database.transaction((tx) => writer.assertMine(tx))).rejects.toThrow(StaleEpoch);
  });

  it('goes on standing by while the database is away', async () => {
    const away = jest.spyOn(storage.database, 'query').mockRejectedValue(new Error('connection refused'));
    const service = start();
    service.onApplicationBootstrap();
    // What nobody catches ends the process, and this test.
    await service.onApplicationShutdown();
    expect(away).toHaveBeenCalled();
    away.mockRestore();
    await service.handle(batchOf(agentOnline(1), workCreated(newId())));
    expect(outbox.said).toMatchObject([{ type: 'work.assigned' }]);
  });
});
