import { Logger } from '@nestjs/common';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BusRecord, type MessageBus, wrap } from '@huiliu/bus';
import { CHANNEL_INBOUND } from '@huiliu/contracts';
import { type Config, HealthRegistry, Metrics } from '@huiliu/platform';
import { eventually } from '@huiliu/testing';
import { InboundPublisher } from './inbound-publisher';

jest.setTimeout(20_000);

/** A bus that takes, refuses or says nothing, as the test wants. */
class PlayedBus {
  mode: 'takes' | 'refuses' | 'silent' = 'takes';
  readonly taken: BusRecord[] = [];
  private stuck: (() => void)[] = [];

  publish(records: readonly BusRecord[]): Promise<void> {
    if (this.mode === 'refuses') return Promise.reject(new Error('no'));
    if (this.mode === 'silent')
      return new Promise((resolve) => {
        // A broker that was away takes late what it was given.
        this.stuck.push(() => {
          this.taken.push(...records);
          resolve();
        });
      });
    this.taken.push(...records);
    return Promise.resolve();
  }

  recover(): void {
    this.mode = 'takes';
    for (const go of this.stuck.splice(0)) go();
  }

  /** Per key, what a consumer that drops what it has seen would handle. */
  handled(key: string): unknown[] {
    const seen = new Set<string>();
    return this.taken
      .filter(({ envelope }) => envelope.key === key && !seen.has(envelope.id) && seen.add(envelope.id))
      .map(({ envelope }) => envelope.data);
  }
}

describe('InboundPublisher', () => {
  beforeAll(() => Logger.overrideLogger(false));
  let folder: string;
  let bus: PlayedBus;
  const health = new HealthRegistry();
  const metrics = new Metrics();
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'huiliu-publisher-'));
    bus = new PlayedBus();
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const open = async (spoolMaxBytes?: number): Promise<InboundPublisher> => {
    const options = { app: 'connector-toy', connectors: [], ...(spoolMaxBytes === undefined ? {} : { spoolMaxBytes }) };
    const publisher = new InboundPublisher(
      bus as unknown as MessageBus,
      { dataDir: folder } as Config,
      health,
      metrics,
      options,
    );
    await publisher.onModuleInit();
    return publisher;
  };
  const rec = (key: string, n: number): BusRecord =>
    wrap<unknown>(CHANNEL_INBOUND, 'message.received', key, n, new Date());

  it('hands over to the bus, and to nobody else, while it answers', async () => {
    const publisher = await open();
    await publisher.publish([rec('a', 1), rec('b', 1)]);
    expect([bus.handled('a'), bus.handled('b'), publisher.drained]).toEqual([[1], [1], true]);
    await publisher.beforeApplicationShutdown();
  });

  it('spools what is not answered in time; what follows of the key follows it', async () => {
    const publisher = await open();
    bus.mode = 'silent';
    const from = Date.now();
    await Promise.all([publisher.publish([rec('a', 1)]), publisher.publish([rec('b', 1)])]);
    expect(Date.now() - from).toBeGreaterThanOrEqual(1_400);
    // Nobody waits again for a bus that is known to be silent.
    const again = Date.now();
    for (const n of [2, 3]) await publisher.publish([rec('a', n)]);
    await publisher.publish([rec('c', 1)]);
    expect(Date.now() - again).toBeLessThan(1_000);
    expect(bus.taken).toEqual([]);
    expect(await health.readiness()).toMatchObject({ status: 'ok' });
    bus.recover();
    await publisher.publish([rec('a', 4)]);
    await eventually('drained', () => publisher.drained);
    expect([bus.handled('a'), bus.handled('b'), bus.handled('c')]).toEqual([[1, 2, 3, 4], [1], [1]]);
    await publisher.publish([rec('a', 5)]);
    expect(bus.handled('a')).toEqual([1, 2, 3, 4, 5]);
    await publisher.beforeApplicationShutdown();
  });

  it('keeps order when a key’s first record is still with the bus as it falls silent', async () => {
    const publisher = await open();
    bus.mode = 'silent';
    const other = publisher.publish([rec('z', 1)]);
    const first = new Promise((resolve) => setTimeout(resolve, 700)).then(() => publisher.publish([rec('a', 1)]));
    await other;
    const second = publisher.publish([rec('a', 2)]);
    await Promise.all([first, second]);
    bus.recover();
    await eventually('drained', () => publisher.drained);
    expect(bus.handled('a')).toEqual([1, 2]);
    await publisher.beforeApplicationShutdown();
  });

  it('a later process sends what an earlier one left', async () => {
    const first = await open();
    bus.mode = 'refuses';
    await first.publish([rec('a', 1), rec('a', 2)]);
    await first.beforeApplicationShutdown();
    bus.mode = 'takes';
    expect(bus.taken).toEqual([]);
    // This process still lives: to the next one it would be a stranger's folder.
    const { readdir, writeFile } = await import('node:fs/promises');
    const root = join(folder, 'spool', 'connector-toy');
    const [left] = await readdir(root);
    const { hostname } = await import('node:os');
    await writeFile(
      join(root, left as string, 'owner.json'),
      JSON.stringify({ host: hostname(), pid: 2 ** 22 + 1, started: '1' }),
    );
    const second = await open();
    await second.publish([rec('a', 3)]);
    await eventually('drained', () => second.drained);
    expect(bus.handled('a')).toEqual([1, 2, 3]);
    await second.beforeApplicationShutdown();
  });

  it('503 when neither takes it, and well again when the bus is', async () => {
    const publisher = await open(400);
    bus.mode = 'refuses';
    await publisher.publish([rec('a', 1)]);
    await expect(publisher.publish([rec('b', 1)])).rejects.toMatchObject({ status: 503, retryAfterSeconds: 5 });
    bus.mode = 'takes';
    await eventually('drained', () => publisher.drained);
    await publisher.publish([rec('b', 1)]);
    expect([bus.handled('a'), bus.handled('b')]).toEqual([[1], [1]]);
    await publisher.beforeApplicationShutdown();
  });
});
