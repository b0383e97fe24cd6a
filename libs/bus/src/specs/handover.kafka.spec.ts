import type { BatchHandler, Delivery } from '../bus';
import { NO_METRICS } from '../metrics';
import type { RunnerDeps } from '../engine/host';
import type { RawRecord } from '../engine/record';
import { PartitionRunner } from '../engine/runner';
import { DEFAULT_TIMING } from '../engine/timing';
import { HandledProgress } from '../kafka/progress';
import {
  byKey,
  eventually,
  makePlace,
  QUICK,
  thing,
  topicOf,
  upTo,
  type OpenedBus,
  type Place,
  type Thing,
} from './fixture';

jest.setTimeout(30_000);

/** A partition that goes from one process to another while both still work on it, without a broker between. */
describe('a handover (MariaDB)', () => {
  let place: Place;
  let opened: OpenedBus;
  const topic = topicOf({ partitions: 1 });
  beforeEach(async () => {
    place = await makePlace('kafka');
    opened = await place.open();
  });
  afterEach(() => place.remove());

  function runnerOf(handler: BatchHandler): PartitionRunner {
    const { database: db, clock, handled } = opened.storage;
    const deps: RunnerDeps = {
      db,
      clock,
      parked: opened.parked,
      timing: { ...DEFAULT_TIMING, ...QUICK, parkedPollMs: 60_000 },
      metrics: NO_METRICS,
      isInfrastructure: () => false,
      traced: (_, work) => work(),
      warn: () => undefined,
    };
    const progress = new HandledProgress(handled, opened.parked, {
      group: place.group,
      topic: topic.name,
      partition: 0,
    });
    return new PartitionRunner(deps, {
      topic,
      group: place.group,
      partition: 0,
      maxBatch: 10,
      lanes: 2,
      handler,
      progress,
    });
  }

  const records = (keys: readonly string[], from: number, count: number): RawRecord[] =>
    upTo(count).map((i) => {
      const { envelope } = thing(topic, keys[i % keys.length]!, from + i);
      return { offset: String(from + i), key: envelope.key, value: JSON.stringify(envelope), timestampMs: 0 };
    });

  it('lets nothing of a key overtake what the other process has parked meanwhile', async () => {
    const all = records(['k'], 0, 5);
    const fails = ({ envelope }: Delivery<Thing>): void => {
      if (envelope.data.v === 1) throw new Error('here it fails');
    };
    const old = runnerOf(opened.recorder(fails));
    // The new one starts before anything is parked, so it knows of nothing.
    const young = runnerOf(opened.recorder());
    await old.start();
    await young.start();
    old.push(all.slice(0, 3));
    await eventually('two rows', async () => (await opened.parked.counts()).parked === 2);
    young.push(all.map((record) => ({ ...record, decoded: undefined })));
    await eventually('four rows', async () => (await opened.parked.counts()).parked === 4);
    expect(await opened.effects()).toEqual([{ key: 'k', v: 0 }]);
    const rows = await opened.storage.database.query<{ record_offset: string }>(
      `SELECT record_offset FROM ${place.prefix}_parked ORDER BY n`,
    );
    expect(rows.map((row) => row.record_offset)).toEqual(['1', '2', '3', '4']);
    await Promise.all([old.stop(), young.stop()]);
  });

  it('does everything once, in order per key, though two processes do the same', async () => {
    const all = records(['a', 'b', 'c', 'd', 'e'], 0, 600);
    const one = runnerOf(opened.recorder());
    const other = runnerOf(opened.recorder());
    await Promise.all([one.start(), other.start()]);
    one.push(all.slice(0, 400));
    other.push(all.map((record) => ({ ...record, decoded: undefined })));
    await eventually('all of it', () => one.position === '399' && other.position === '599');
    const effects = await opened.effects();
    expect(effects).toHaveLength(600);
    for (const values of Object.values(byKey(effects))) expect(values).toEqual([...values].sort((a, b) => a - b));
    await Promise.all([one.stop(), other.stop()]);
  });
});
