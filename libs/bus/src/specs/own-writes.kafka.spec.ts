import { connect } from 'node:net';
import type { TopicSpec } from '@huiliu/contracts';
import { testBrokers } from '@huiliu/testing';
import type { TailRecord } from '../bus';
import { eventually, makePlace, thing, topicOf, upTo, type OpenedBus, type Place, type Thing } from './fixture';
import { BrokerProxy } from './proxy';

jest.setTimeout(60_000);

/** What a process reads of what it writes itself: it knows of that when the broker acknowledges it, and of the rest by fetching. */
describe('a tail of what its own process writes (kafka)', () => {
  let place: Place;
  beforeEach(async () => {
    place = await makePlace('kafka');
  });
  afterEach(() => place.remove());

  async function follow(opened: OpenedBus, topic: TopicSpec) {
    const records: TailRecord<Thing>[] = [];
    const tail = await opened.bus.tail<Thing>(topic, 'end', (some) => records.push(...some));
    return { tail, records };
  }

  const placesOf = (records: readonly TailRecord<Thing>[]): string[] =>
    records.map(({ partition, offset, envelope }) => `${partition}@${offset} ${envelope.data.v}`).sort();

  it.each(['answers arrive', 'answers are swallowed'])(
    'two processes that write at once both read everything once, where it lies and in order: %s',
    async (how) => {
      const topic = topicOf({ partitions: 3 });
      const proxy = await BrokerProxy.start(testBrokers()[0]!);
      try {
        const throughProxy = await place.open({
          requestTimeoutMs: 1_000,
          sockets: ({ onConnect }) => connect({ host: '127.0.0.1', port: proxy.port }, onConnect),
        });
        const buses = [throughProxy, await place.open()];
        for (const { bus } of buses) await bus.start();
        const readers = await Promise.all(buses.map((opened) => follow(opened, topic)));
        const said: Promise<void>[] = [];
        for (const v of upTo(400)) {
          if (how === 'answers are swallowed' && v % 200 === 100) proxy.swallow(1);
          said.push(buses[v % 2]!.bus.publish([thing(topic, `k${v % 7}`, v)]));
          if (v % 5 === 0) await said[v];
        }
        await Promise.all(said);
        for (const { records } of readers) await eventually('all of it', () => records.length >= 400, 20_000);
        for (const { records } of readers) {
          expect(records.map(({ envelope }) => envelope.data.v).sort((a, b) => a - b)).toEqual(upTo(400));
          for (const partition of [0, 1, 2]) {
            const offsets = records
              .filter((record) => record.partition === partition)
              .map(({ offset }) => Number(offset));
            expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
          }
        }
        expect(placesOf(readers[0]!.records)).toEqual(placesOf(readers[1]!.records));
        for (const { tail } of readers) await tail.close();
      } finally {
        await proxy.stop();
      }
    },
  );

  it('who has long been the only one to write reads what another begins to write, and in order', async () => {
    const topic = topicOf({ partitions: 2 });
    const mine = await place.open();
    await mine.bus.start();
    const { tail, records } = await follow(mine, topic);
    let v = 0;
    const until = performance.now() + 12_000;
    while (performance.now() < until) {
      await mine.bus.publish([thing(topic, `k${v % 4}`, v)]);
      expect(records).toHaveLength(++v);
    }
    const others = await place.open();
    await others.bus.start();
    for (let i = 0; i < 50; i++, v++) await (i % 2 === 0 ? others : mine).bus.publish([thing(topic, `k${v % 4}`, v)]);
    await eventually('all of it', () => records.length >= v);
    const keys = new Map<string, number[]>();
    for (const { envelope } of records) keys.set(envelope.key, [...(keys.get(envelope.key) ?? []), envelope.data.v]);
    for (const values of keys.values()) expect(values).toEqual([...values].sort((a, b) => a - b));
    expect(records).toHaveLength(v);
    await tail.close();
  });
});
