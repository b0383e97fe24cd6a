import { newId } from '@huiliu/platform';
import type { EventBatch } from '../bus';
import { z } from 'zod';
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
  type Kind,
  type OpenedBus,
  type Place,
} from './fixture';

/** What of a batch is a `thing`: a bus may hand out more than was asked for. */
const things = (batch: EventBatch): EventBatch => {
  const wanted = (all: EventBatch['deliveries']): EventBatch['deliveries'] =>
    all.filter(({ envelope }) => envelope.type === 'thing');
  return { deliveries: wanted(batch.deliveries), claim: async (tx) => wanted(await batch.claim(tx)) };
};

/** What handlers may rely on, on either bus. */
export function handlingSuite(kind: Kind): void {
  describe(`handling (${kind})`, () => {
    let place: Place;
    beforeEach(async () => {
      place = await makePlace(kind);
    });
    afterEach(() => place.remove());

    it('hands every event over once and in the order of its key', async () => {
      const topic = topicOf();
      const opened = await place.open();
      opened.bus.subscribe(topic, { group: place.group, maxBatch: 40, lanes: 4 }, opened.recorder());
      await opened.bus.start();
      await Promise.all(upTo(25).map((v) => opened.bus.publish(upTo(40).map((k) => thing(topic, `k${k}`, v)))));
      const keys = byKey(await haveEffects(opened, 1000));
      expect(Object.keys(keys)).toHaveLength(40);
      for (const values of Object.values(keys)) expect(values).toEqual(upTo(25));
    });

    it('keeps the order of calls that nobody waited for', async () => {
      const topic = topicOf();
      const opened = await place.open();
      const seen: number[] = [];
      const tail = await opened.bus.tail<{ v: number }>(topic, 'beginning', (records) =>
        seen.push(...records.map((record) => record.envelope.data.v)),
      );
      await Promise.all(upTo(200).map((v) => opened.bus.publish([thing(topic, 'one', v)])));
      await eventually('200 records', () => seen.length >= 200);
      expect(seen).toEqual(upTo(200));
      await tail.close();
    });

    it('gathers what waits into batches, never more than asked for', async () => {
      const topic = topicOf({ partitions: 1 });
      const opened = await place.open();
      const sizes: number[] = [];
      const record = opened.recorder();
      opened.bus.subscribe(topic, { group: place.group, maxBatch: 50, lanes: 2 }, (batch) => {
        sizes.push(batch.deliveries.length);
        return record(batch);
      });
      await opened.bus.publish(upTo(400).map((v) => thing(topic, `k${v % 10}`, v)));
      await opened.bus.start();
      await haveEffects(opened, 400);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(50);
      expect(sizes.length).toBeLessThan(40);
    });

    it('gives a handler that names its types every event of those, in order, and goes past all others', async () => {
      const topic = topicOf({ partitions: 2, schema: z.union([Thing, Other]) });
      const types = ['thing'];
      const first = await place.open();
      const record = first.recorder();
      first.bus.subscribe(topic, { group: place.group, maxBatch: 20, lanes: 2, types }, (batch) =>
        record(things(batch)),
      );
      await first.bus.start();
      const pairs = upTo(300).flatMap((v) => [other(topic, `k${v % 7}`, v), thing(topic, `k${v % 7}`, v)]);
      await first.bus.publish([...pairs, ...upTo(200).map((v) => other(topic, `k${v % 7}`, v))]);
      for (const [key, values] of Object.entries(byKey(await haveEffects(first, 300))))
        expect(values).toEqual(upTo(300).filter((v) => `k${v % 7}` === key));
      await first.close();
      // What follows an end that was passed over is found by the next process.
      const second = await place.open();
      const again = second.recorder();
      second.bus.subscribe(topic, { group: place.group, maxBatch: 20, lanes: 2, types }, (batch) =>
        again(things(batch)),
      );
      await second.bus.start();
      await second.bus.publish([thing(topic, 'k0', 1_000)]);
      const effects = await haveEffects(second, 301);
      expect(effects.at(-1)).toMatchObject({ key: 'k0', v: 1_000 });
    });

    it('gives every group all events', async () => {
      const topic = topicOf();
      const opened = await place.open();
      const seen: Record<string, number[]> = { a: [], b: [] };
      for (const name of ['a', 'b']) {
        opened.bus.subscribe(topic, { group: `${place.prefix}.${name}` }, async (batch: EventBatch) => {
          seen[name]!.push(...batch.deliveries.map((delivery) => (delivery.envelope.data as { v: number }).v));
        });
      }
      await opened.bus.start();
      await opened.bus.publish(upTo(10).map((v) => thing(topic, 'k', v)));
      await eventually('both groups', () => seen['a']!.length === 10 && seen['b']!.length === 10);
      expect(seen).toEqual({ a: upTo(10), b: upTo(10) });
    });

    it('refuses a second handler of a group for a topic', async () => {
      const topic = topicOf();
      const { bus } = await place.open();
      bus.subscribe(topic, { group: 'g' }, () => Promise.resolve());
      expect(() => bus.subscribe(topic, { group: 'g' }, () => Promise.resolve())).toThrow('two handlers');
    });

    it('publishes what a transaction left in the outbox, and nothing of one that failed', async () => {
      const topic = topicOf();
      const opened = await place.open();
      opened.bus.subscribe(topic, { group: place.group }, opened.recorder());
      await opened.bus.start();
      const add = (v: number, fail: boolean) =>
        opened.storage.database.transaction(async (tx) => {
          const { envelope } = thing(topic, 'k', v);
          await opened.outbox.add(tx, [
            { topic: topic.name, key: 'k', id: envelope.id, value: JSON.stringify(envelope) },
          ]);
          if (fail) throw new Error('changed my mind');
        });
      await add(1, false);
      await expect(add(2, true)).rejects.toThrow('changed my mind');
      await add(3, false);
      expect(await haveEffects(opened, 2)).toEqual([
        { key: 'k', v: 1 },
        { key: 'k', v: 3 },
      ]);
    });

    it('waits for what is in hand when it stops, hands out no more, and goes on there', async () => {
      const topic = topicOf({ partitions: 1 });
      const first = await place.open();
      let entered: () => void = () => undefined;
      const inHand = new Promise<void>((resolve) => (entered = resolve));
      let finish: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => (finish = resolve));
      const record = first.recorder();
      first.bus.subscribe(topic, { group: place.group, maxBatch: 10, lanes: 1 }, async (batch) => {
        entered();
        await gate;
        await record(batch);
      });
      await first.bus.start();
      await first.bus.publish(upTo(100).map((v) => thing(topic, 'k', v)));
      await inHand;
      const stopped = first.bus.stop(5_000);
      finish();
      await stopped;
      const before = (await first.effects()).length;
      expect(before).toBeGreaterThan(0);
      expect(before).toBeLessThanOrEqual(10);
      await first.close();

      const second = await place.open();
      second.bus.subscribe(topic, { group: place.group, maxBatch: 10, lanes: 1 }, second.recorder());
      await second.bus.start();
      expect((await haveEffects(second, 100)).map((effect) => effect.v)).toEqual(upTo(100));
    });

    it('does not wait longer for a handler than it was told', async () => {
      const topic = topicOf({ partitions: 1 });
      const opened = await place.open();
      let entered: () => void = () => undefined;
      const inHand = new Promise<void>((resolve) => (entered = resolve));
      let finish: () => void = () => undefined;
      opened.bus.subscribe(topic, { group: place.group }, () => {
        entered();
        return new Promise<void>((resolve) => (finish = resolve));
      });
      await opened.bus.start();
      await opened.bus.publish([thing(topic, 'k', 1)]);
      await inHand;
      const startedMs = Date.now();
      await opened.bus.stop(300);
      expect(Date.now() - startedMs).toBeLessThan(5_000);
      finish();
    });

    it('hands nothing over twice though a batch is halved and its rest was done', async () => {
      const topic = topicOf({ partitions: 1 });
      const opened = await place.open();
      let failing = true;
      let calls = 0;
      const record = opened.recorder(({ envelope }) => {
        if (failing && envelope.data.v === 57) throw new Error('poison');
      });
      opened.bus.subscribe(topic, { group: place.group, maxBatch: 100, lanes: 1 }, (batch) => {
        calls++;
        return record(batch);
      });
      await opened.bus.publish(upTo(100).map((v) => thing(topic, `k${v}`, v)));
      await opened.bus.start();
      await haveEffects(opened, 99);
      const [row] = await eventually('a parked row', async () => {
        const rows = await opened.storage.database.query<{ id: string }>(`SELECT id FROM ${place.prefix}_parked`);
        return rows.length > 0 ? rows : undefined;
      });
      expect(calls).toBeLessThan(40);
      failing = false;
      await opened.storage.database.transaction((tx) =>
        opened.parked.command(tx, {
          ...commandEnvelope(),
          data: { id: row!.id, consumer: place.group, topic: topic.name },
        }),
      );
      opened.parked.changed();
      const effects = await haveEffects(opened, 100);
      expect(effects.map((effect) => effect.v).sort((a, b) => a - b)).toEqual(upTo(100));
    });

    it('pauses while the database or the broker is at fault, and parks nothing', async () => {
      const topic = topicOf({ partitions: 1 });
      const opened: OpenedBus = await place.open();
      let faults = 8;
      let paused: string | null = null;
      const record = opened.recorder();
      opened.bus.subscribe(topic, { group: place.group, maxBatch: 10, lanes: 2 }, async (batch) => {
        if (faults > 0) {
          faults--;
          paused ??= opened.bus.trouble();
          throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
        }
        await record(batch);
      });
      await opened.bus.start();
      await opened.bus.publish(upTo(60).map((v) => thing(topic, `k${v % 3}`, v)));
      const effects = await haveEffects(opened, 60);
      for (const values of Object.values(byKey(effects))) expect(values).toEqual([...values].sort((a, b) => a - b));
      expect(await opened.parked.counts()).toEqual({ parked: 0, dead: 0 });
      expect(paused).toContain('pauses');
      await eventually('well again', () => opened.bus.trouble() === null);
    });
  });
}

const commandEnvelope = () => ({
  id: newId(),
  type: 'dlq.replay' as const,
  v: 1 as const,
  key: 'k',
  occurredAt: new Date().toISOString(),
  traceparent: null,
});
