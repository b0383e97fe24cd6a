import fc from 'fast-check';
import { z } from 'zod';
import { advance, type Position } from '../embedded/positions';
import { openEmbeddedBus } from '../open-bus';
import { busTables } from '../schema';
import {
  byKey,
  eventually,
  haveEffects,
  makePlace,
  Other,
  other,
  Thing,
  thing,
  topicOf,
  upTo,
  type Place,
} from './fixture';
import { startChild } from './processes';

jest.setTimeout(30_000);

describe('durability (embedded)', () => {
  let place: Place;
  beforeEach(async () => {
    place = await makePlace('embedded');
  });
  afterEach(() => place.remove());

  it('keeps what was said to be published when the process is killed', async () => {
    const topic = topicOf();
    const child = startChild('publish', [place.url, place.prefix, topic.name]);
    await eventually('some events', () => child.lines.length > 200);
    await child.kill();
    const opened = await place.open();
    const seen = new Set<number>();
    const tail = await opened.bus.tail<Thing>(topic, 'beginning', (records) => {
      for (const record of records) seen.add(record.envelope.data.v);
    });
    await tail.caughtUp;
    expect(child.lines.map(Number).filter((v) => !seen.has(v))).toEqual([]);
  });

  it('does everything once, in order, when the process is killed in the middle', async () => {
    const topic = topicOf();
    const first = await place.open();
    await first.bus.publish(upTo(800).map((v) => thing(topic, `k${v % 9}`, v)));
    await first.close();
    const child = startChild('handle', ['embedded', place.url, place.prefix, place.group, topic.name, '']);
    const second = await place.open();
    await haveEffects(second, 100);
    await child.kill();
    expect((await second.effects()).length).toBeLessThan(800);
    second.bus.subscribe(topic, { group: place.group, maxBatch: 50, lanes: 3 }, second.recorder());
    await second.bus.start();
    const effects = await haveEffects(second, 800);
    expect(effects).toHaveLength(800);
    for (const values of Object.values(byKey(effects)))
      expect(values).toEqual([...new Set(values)].sort((a, b) => a - b));
  });

  it('does nothing twice that was done while an earlier event was held', async () => {
    const topic = topicOf();
    const first = await place.open({ timing: { holdDelaysMs: [60_000] } });
    first.bus.subscribe(
      topic,
      { group: place.group, maxBatch: 5, lanes: 2 },
      first.recorder(({ envelope }) => {
        if (envelope.key === 'held') throw new Error('not now');
      }),
    );
    await first.bus.start();
    await first.bus.publish([thing(topic, 'held', 0), ...upTo(40).map((v) => thing(topic, `k${v % 4}`, v))]);
    await haveEffects(first, 40);
    await first.close();

    const second = await place.open();
    second.bus.subscribe(topic, { group: place.group, maxBatch: 5, lanes: 2 }, second.recorder());
    await second.bus.start();
    await second.bus.publish([thing(topic, 'held', 1)]);
    const effects = await haveEffects(second, 42);
    expect(byKey(effects)['held']).toEqual([0, 1]);
    expect(effects).toHaveLength(42);
    const rows = await second.storage.database.query(
      `SELECT ahead FROM ${place.prefix}_bus_positions WHERE topic = ?`,
      [topic.name],
    );
    expect(rows).toEqual([{ ahead: null }]);
  });

  it('reads what is no longer in memory from the table', async () => {
    const topic = topicOf();
    const opened = await place.open();
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const record = opened.recorder();
    opened.bus.subscribe(topic, { group: place.group, maxBatch: 500, lanes: 1 }, async (batch) => {
      await gate;
      await record(batch);
    });
    await opened.bus.start();
    for (const part of upTo(6)) await opened.bus.publish(upTo(2_500).map((i) => thing(topic, 'k', part * 2_500 + i)));
    open();
    const effects = await haveEffects(opened, 15_000);
    expect(effects.map((effect) => effect.v)).toEqual(upTo(15_000));
  });

  it('moves the position past what was passed over, while it runs and when it ends, so that it is pruned', async () => {
    const topic = topicOf({ schema: z.union([Thing, Other]) });
    const nobodys = topicOf();
    const opened = await place.open({ timing: { passedAfterMs: 20 } });
    const table = busTables(place.prefix).positions;
    const positions = async (): Promise<Record<string, number>> => {
      const rows = await opened.storage.database.query<{ topic: string; n: number }>(`SELECT topic, n FROM ${table}`);
      return Object.fromEntries(rows.map(({ topic: name, n }) => [name, n]));
    };
    const last = async (name: string): Promise<number> => {
      const sql = `SELECT MAX(n) AS n FROM ${busTables(place.prefix).log} WHERE topic = ?`;
      return (await opened.storage.database.query<{ n: number }>(sql, [name]))[0]!.n;
    };
    opened.bus.subscribe(topic, { group: place.group, types: ['thing'] }, opened.recorder());
    opened.bus.subscribe(nobodys, { group: place.group, concerned: () => false }, opened.recorder());
    await opened.bus.start();
    await opened.bus.publish(
      upTo(50).flatMap((v) => [thing(topic, `k${v}`, v), other(topic, `k${v}`, v), thing(nobodys, 'k', v)]),
    );
    await haveEffects(opened, 50);
    await eventually('the positions', async () => {
      const reached = await positions();
      return reached[topic.name] === (await last(topic.name)) && reached[nobodys.name] === (await last(nobodys.name));
    });
    expect(await opened.effects()).toHaveLength(50);
  });

  it('prunes what is old, plentiful and handled, and what a later record of a compacted topic replaced', async () => {
    const topic = topicOf();
    const compacted = topicOf({ compacted: true, retentionMs: null });
    const first = await place.open();
    let handled = 0;
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const { database, clock } = first.storage;
    const { bus } = openEmbeddedBus({
      prefix: place.prefix,
      database,
      clock,
      retention: { keepMs: -1000, keepRecords: 10 },
    });
    bus.subscribe(topic, { group: place.group, maxBatch: 20, lanes: 1 }, async (batch) => {
      if (handled >= 20) await gate;
      await database.transaction((tx) => batch.claim(tx));
      handled += batch.deliveries.length;
    });
    await bus.start();
    await bus.publish(upTo(60).map((v) => thing(topic, 'k', v)));
    await bus.publish(upTo(60).map((v) => thing(compacted, `k${v % 4}`, v)));
    await eventually('the first batch', () => handled >= 20);
    const left = async (name: string) =>
      (await database.query(`SELECT n FROM ${place.prefix}_bus_log WHERE topic = ?`, [name])).length;
    await bus.prune();
    expect(await left(topic.name)).toBe(40);
    expect(await left(compacted.name)).toBe(4);
    open();
    await eventually('all', () => handled === 60);
    await bus.prune();
    expect(await left(topic.name)).toBe(10);
    await bus.stop(1000);
  });
});

describe('positions', () => {
  it('grow by what is contiguous and remember the rest', () => {
    const start = { n: 5, ahead: [] };
    const inHand = [6, 9, 12, 15];
    expect(advance(start, [9], inHand)).toEqual({ n: 5, ahead: [9] });
    expect(advance({ n: 5, ahead: [9] }, [15], inHand)).toEqual({ n: 5, ahead: [9, 15] });
    expect(advance({ n: 5, ahead: [9, 15] }, [6], inHand)).toEqual({ n: 9, ahead: [15] });
    expect(advance({ n: 9, ahead: [15] }, [12], inHand)).toEqual({ n: 15, ahead: [] });
  });

  it('say of every record whether it is done, in whatever order that came', () => {
    const records = fc.uniqueArray(fc.integer({ min: 1, max: 500 }), { maxLength: 60 });
    fc.assert(
      fc.property(records, fc.integer({ min: 1, max: 9 }), (order, size) => {
        const inHand = [...order].sort((a, b) => a - b);
        let position: Position = { n: 0, ahead: [] };
        for (let from = 0; from < order.length; from += size) {
          position = advance(position, order.slice(from, from + size), inHand);
          const isDone = (n: number): boolean => n <= position.n || position.ahead.includes(n);
          const done = order.slice(0, from + size);
          expect(inHand.filter(isDone)).toEqual(inHand.filter((n) => done.includes(n)));
          expect(position.ahead).toEqual([...position.ahead].sort((a, b) => a - b));
        }
        expect(position).toEqual({ n: inHand.at(-1) ?? 0, ahead: [] });
      }),
    );
  });
});
