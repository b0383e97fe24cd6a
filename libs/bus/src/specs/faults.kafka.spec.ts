import { connect } from 'node:net';
import type { TopicSpec } from '@huiliu/contracts';
import { testBrokers } from '@huiliu/testing';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import {
  byKey,
  DlqView,
  eventually,
  haveEffects,
  makePlace,
  thing,
  topicOf,
  upTo,
  type OpenedBus,
  type Place,
} from './fixture';
import { startChild } from './processes';
import { BrokerProxy } from './proxy';

jest.setTimeout(90_000);

describe('faults (kafka)', () => {
  let place: Place;
  const raw = new Kafka({ brokers: testBrokers(), logLevel: logLevel.NOTHING });
  beforeEach(async () => {
    place = await makePlace('kafka');
  });
  afterEach(() => place.remove());

  /** A consumer of the topic, and a publisher, that reach the broker through a proxy. */
  async function openThroughProxy(topic: TopicSpec): Promise<{ proxy: BrokerProxy; opened: OpenedBus }> {
    const proxy = await BrokerProxy.start(testBrokers()[0]!);
    const opened = await place.open({
      requestTimeoutMs: 1_000,
      sockets: ({ onConnect }) => connect({ host: '127.0.0.1', port: proxy.port }, onConnect),
    });
    opened.bus.subscribe(topic, { group: place.group, maxBatch: 20, lanes: 2 }, opened.recorder());
    await opened.bus.start();
    return { proxy, opened };
  }

  it('loses nothing, and does nothing twice, when answers to the producer are swallowed', async () => {
    const topic = topicOf({ partitions: 2 });
    const { proxy, opened } = await openThroughProxy(topic);
    try {
      await opened.bus.publish([thing(topic, 'k0', 0), thing(topic, 'k1', 0)]);
      const seen: number[] = [];
      await opened.bus.tail<{ v: number }>(topic, 'beginning', (records) =>
        seen.push(...records.map((record) => record.envelope.data.v)),
      );

      proxy.swallow(2);
      const published: Promise<void>[] = [];
      for (const v of upTo(40).slice(1))
        published.push(opened.bus.publish([thing(topic, 'k0', v), thing(topic, 'k1', v)]));
      await Promise.all(published);
      expect(proxy.swallowed).toBe(2);

      const keys = byKey(await haveEffects(opened, 80));
      expect(keys).toEqual({ k0: upTo(40), k1: upTo(40) });
      await eventually('the tail', () => seen.length >= 80);
      expect(seen).toHaveLength(80);
      // The topic itself holds what was repeated.
      const admin = raw.admin();
      await admin.connect();
      const ends = await admin.fetchTopicOffsets(topic.name);
      await admin.disconnect();
      expect(ends.reduce((sum, { high }) => sum + Number(high), 0)).toBeGreaterThan(80);
    } finally {
      await opened.close();
      await proxy.stop();
    }
  });

  it('gives up connections that nothing answers on: what is published arrives, and is read, on new ones', async () => {
    const topic = topicOf({ partitions: 2 });
    const { proxy, opened } = await openThroughProxy(topic);
    try {
      await opened.bus.publish([thing(topic, 'k', 0)]);
      await haveEffects(opened, 1);
      for (let v = 1; v <= 2; v++) {
        proxy.forget();
        await opened.bus.publish([thing(topic, 'k', v)]);
        expect(byKey(await haveEffects(opened, v + 1))).toEqual({ k: upTo(v + 1) });
      }
    } finally {
      await opened.close();
      await proxy.stop();
    }
  });

  it('does everything once, in order, when a consumer dies in the middle', async () => {
    const topic = topicOf({ partitions: 2 });
    const publisher = await place.open();
    await publisher.bus.publish(upTo(1500).map((v) => thing(topic, `k${v % 13}`, v)));
    const child = startChild('handle', [
      'kafka',
      place.url,
      place.prefix,
      place.group,
      topic.name,
      testBrokers().join(','),
    ]);
    await haveEffects(publisher, 150);
    await child.kill();
    const before = (await publisher.effects()).length;
    expect(before).toBeLessThan(1500);

    const heir = await place.open();
    heir.bus.subscribe(topic, { group: place.group, maxBatch: 100, lanes: 3 }, heir.recorder());
    await heir.bus.start();
    const effects = await haveEffects(heir, 1500, 40_000);
    expect(effects).toHaveLength(1500);
    for (const values of Object.values(byKey(effects)))
      expect(values).toEqual([...new Set(values)].sort((a, b) => a - b));
  });

  it('does everything once, in order, while processes join and leave a group', async () => {
    const topic = topicOf({ partitions: 6 });
    const first = await place.open();
    const second = await place.open();
    for (const opened of [first, second])
      opened.bus.subscribe(topic, { group: place.group, maxBatch: 15, lanes: 3 }, opened.recorder());
    await first.bus.start();
    let v = 0;
    const publish = async (until: number): Promise<void> => {
      while (v < until) {
        const some = upTo(10).map((i) => thing(topic, `k${(v + i) % 40}`, v + i));
        v += 10;
        await first.bus.publish(some);
      }
    };
    await publish(1000);
    const joining = second.bus.start();
    await publish(2500);
    await joining;
    await publish(3500);
    await haveEffects(first, 1500, 40_000);
    // The first leaves with work in hand; what it has published stays.
    await first.bus.stop(5_000);
    const effects = await haveEffects(second, 3500, 40_000);
    expect(effects).toHaveLength(3500);
    for (const values of Object.values(byKey(effects)))
      expect(values).toEqual([...new Set(values)].sort((a, b) => a - b));
  });

  it('keeps bytes that are no text', async () => {
    const topic = topicOf({ partitions: 1 });
    const opened = await place.open();
    opened.bus.subscribe(topic, { group: place.group }, opened.recorder());
    const dlq = await DlqView.of(opened, topic);
    await opened.bus.start();
    const bytes = Buffer.from([0xff, 0x00, 0xfe, 0x80]);
    const producer = raw.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    await producer.send({ topic: topic.name, messages: [{ key: null, value: bytes }] });
    await producer.disconnect();
    await opened.bus.publish([thing(topic, 'k', 1)]);
    const [entry] = await dlq.stored();
    expect(entry).toMatchObject({ state: 'dead', key: null, reason: 'not UTF-8' });
    const [row] = await opened.storage.database.query<{ value: string; encoding: string }>(
      `SELECT value, encoding FROM ${place.prefix}_parked`,
    );
    expect(row!.encoding).toBe('base64');
    expect(Buffer.from(row!.value, 'base64')).toEqual(bytes);
    expect(await haveEffects(opened, 1)).toEqual([{ key: 'k', v: 1 }]);
  });

  it('names another life when a topic was made anew', async () => {
    const topic = topicOf({ partitions: 1 });
    const first = await place.open();
    const name = await first.bus.generation(topic);
    const admin = raw.admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [topic.name] });
    await eventually('it is gone', async () => !(await admin.listTopics()).includes(topic.name));
    const second = await place.open();
    const another = await second.bus.generation(topic);
    expect(another).not.toBe(name);
    // Made by somebody else, it gets a name, too.
    await admin.deleteTopics({ topics: [topic.name] });
    await eventually('it is gone', async () => !(await admin.listTopics()).includes(topic.name));
    await admin.createTopics({
      topics: [{ topic: topic.name, numPartitions: 1, configEntries: [{ name: 'retention.ms', value: '123456789' }] }],
    });
    await admin.disconnect();
    const third = await place.open();
    const given = await third.bus.generation(topic);
    expect([name, another]).not.toContain(given);
    expect(await second.bus.generation(topic)).toBe(given);
  });
});
