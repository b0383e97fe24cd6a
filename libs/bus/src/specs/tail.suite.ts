import { type Signal } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { z } from 'zod';
import type { TailRecord, TailStart } from '../bus';
import {
  eventually,
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

/** What feeds and tables in memory may rely on. */
export function tailSuite(kind: Kind): void {
  describe(`tails (${kind})`, () => {
    let place: Place;
    beforeEach(async () => {
      place = await makePlace(kind);
    });
    afterEach(() => place.remove());

    async function follow(opened: OpenedBus, topic: ReturnType<typeof topicOf>, from: TailStart) {
      const records: TailRecord<Thing>[] = [];
      const tail = await opened.bus.tail<Thing>(topic, from, (some) => records.push(...some));
      return { tail, records, values: () => records.map((record) => record.envelope.data.v) };
    }

    it('reads from the beginning, says when it has caught up, and goes on', async () => {
      const topic = topicOf({ partitions: 1 });
      const opened = await place.open();
      await opened.bus.publish(upTo(30).map((v) => thing(topic, `k${v % 4}`, v)));
      const reader = await follow(opened, topic, 'beginning');
      await reader.tail.caughtUp;
      expect(reader.values()).toEqual(upTo(30));
      await opened.bus.publish([thing(topic, 'k', 30)]);
      await eventually('the next', () => reader.records.length === 31);
      const offsets = reader.records.map((record) => BigInt(record.offset));
      for (let i = 1; i < offsets.length; i++) expect(offsets[i]! > offsets[i - 1]!).toBe(true);
      expect(reader.tail.healthy()).toBe(true);
      await reader.tail.close();
    });

    it('tells of what its reader did not ask for where it lies, and reads the rest', async () => {
      const topic = topicOf({ partitions: 1, schema: z.union([Thing, Other]) });
      const opened = await place.open();
      const all = upTo(40).map((v) => (v % 3 === 0 ? thing(topic, 'k', v) : other(topic, 'k', v)));
      await opened.bus.publish(all);
      const records: TailRecord<{ v: number }>[] = [];
      const keep = (some: readonly TailRecord<{ v: number }>[]): void => void records.push(...some);
      const tail = await opened.bus.tail(topic, 'beginning', keep, { types: ['thing'] });
      await tail.caughtUp;
      const read = records.filter(({ passed, envelope }) => passed === undefined && envelope.type === 'thing');
      expect(read.map(({ envelope }) => envelope.data.v)).toEqual(upTo(40).filter((v) => v % 3 === 0));
      expect(records).toHaveLength(40);
      for (const { passed, envelope } of records) if (passed) expect(envelope.type).toBe('other');
      for (let i = 1; i < 40; i++) expect(BigInt(records[i]!.offset) > BigInt(records[i - 1]!.offset)).toBe(true);
      await tail.close();
    });

    it('may leave unread what its reader seldom reads: key, text and place are there, and what it says is read when asked', async () => {
      const topic = topicOf({ partitions: 1, schema: z.union([Thing, Other]) });
      const opened = await place.open();
      const all = upTo(30).map((v) => (v % 3 === 0 ? other(topic, 'k', v) : thing(topic, `k${v % 5}`, v)));
      await opened.bus.publish(all);
      const records: TailRecord<{ v: number }>[] = [];
      const keep = (some: readonly TailRecord<{ v: number }>[]): void => void records.push(...some);
      const options = { types: ['thing'], mayBeUnread: true };
      const tail = await opened.bus.tail(topic, 'beginning', keep, options);
      await tail.caughtUp;
      expect(records).toHaveLength(30);
      const things = records.filter(({ envelope }) => envelope.type === 'thing');
      expect(things.map(({ envelope }) => envelope.data.v)).toEqual(upTo(30).filter((v) => v % 3 !== 0));
      for (const { unread, text, passed, envelope } of things) {
        expect(passed).toBeUndefined();
        expect(unread ?? envelope.key).toBe(`k${envelope.data.v % 5}`);
        expect(JSON.parse(Buffer.from(text!).toString())).toEqual(envelope);
      }
      if (kind === 'kafka') expect(things.every(({ unread }) => unread !== undefined)).toBe(true);
      await tail.close();
    });

    it('still tells what a record says when thousands have come after it', async () => {
      const topic = topicOf({ partitions: 1 });
      const opened = await place.open();
      await opened.bus.publish(upTo(3_000).map((v) => thing(topic, 'k', v)));
      const reader = await follow(opened, topic, 'beginning');
      await reader.tail.caughtUp;
      // Most of them lie there as bytes by now.
      expect(reader.values()).toEqual(upTo(3_000));
      expect(reader.values()).toEqual(upTo(3_000));
      await reader.tail.close();
    });

    it('reads from the end: all that is published once the tail is there', async () => {
      const topic = topicOf();
      const opened = await place.open();
      await opened.bus.publish(upTo(10).map((v) => thing(topic, `k${v}`, v)));
      const reader = await follow(opened, topic, 'end');
      await opened.bus.publish(upTo(10).map((v) => thing(topic, `k${v}`, 100 + v)));
      await reader.tail.caughtUp;
      await eventually('ten', () => reader.records.length >= 10);
      expect(reader.values().sort((a, b) => a - b)).toEqual(upTo(10).map((v) => 100 + v));
      await reader.tail.close();
    });

    it('reads since a time, and at least so many records', async () => {
      const topic = topicOf({ partitions: 1 });
      const opened = await place.open();
      await opened.bus.publish(upTo(50).map((v) => thing(topic, 'k', v)));
      const young = await follow(opened, topic, { sinceMs: 60_000, atLeast: 10 });
      await young.tail.caughtUp;
      expect(young.values()).toEqual(upTo(50));
      // Nothing is as young as this.
      const few = await follow(opened, topic, { sinceMs: -3600_000, atLeast: 10 });
      await few.tail.caughtUp;
      expect(few.values()).toEqual(upTo(50).slice(40));
      const more = await follow(opened, topic, { sinceMs: -3600_000, atLeast: 1000 });
      await more.tail.caughtUp;
      expect(more.values()).toEqual(upTo(50));
    });

    it('has caught up at once with an empty topic', async () => {
      const opened = await place.open();
      const reader = await follow(opened, topicOf(), { sinceMs: 600_000, atLeast: 10_000 });
      await reader.tail.caughtUp;
      expect(reader.records).toEqual([]);
    });

    it('gives the latest record of each key of a compacted topic', async () => {
      const topic = topicOf({ partitions: 1, compacted: true, retentionMs: null });
      const opened = await place.open();
      for (const v of upTo(20)) await opened.bus.publish([thing(topic, `k${v % 3}`, v)]);
      const reader = await follow(opened, topic, 'beginning');
      await reader.tail.caughtUp;
      const latest = new Map(reader.records.map((record) => [record.envelope.key, record.envelope.data.v]));
      expect(Object.fromEntries(latest)).toEqual({ k0: 18, k1: 19, k2: 17 });
    });

    it('passes over what is no valid event', async () => {
      const topic = topicOf({ partitions: 1 });
      const opened = await place.open();
      await opened.bus.start();
      const good = thing(topic, 'k', 1).envelope;
      await opened.storage.database.transaction((tx) =>
        opened.outbox.add(tx, [
          { topic: topic.name, key: 'k', id: newId(), value: 'nonsense' },
          { topic: topic.name, key: 'k', id: good.id, value: JSON.stringify(good) },
        ]),
      );
      const reader = await follow(opened, topic, 'beginning');
      await eventually('the good one', () => reader.records.length === 1);
      expect(reader.values()).toEqual([1]);
    });

    it('names the topic’s life alike after a restart', async () => {
      const topic = topicOf();
      const first = await place.open();
      const name = await first.bus.generation(topic);
      expect(name).not.toBe('');
      await first.close();
      const second = await place.open();
      expect(await second.bus.generation(topic)).toBe(name);
    });

    it('carries signals to everyone who listens', async () => {
      const opened = await place.open();
      const heard: unknown[] = [];
      const stop = opened.bus.onSignal((signal) => heard.push(signal));
      const signal: Signal = { type: 'agent.signed_out', agentId: newId(), tokenHash: null };
      await eventually('the signal', () => {
        opened.bus.signal(signal);
        return heard.some((other) => (other as { agentId?: string }).agentId === signal.agentId);
      });
      stop();
    });
  });
}
