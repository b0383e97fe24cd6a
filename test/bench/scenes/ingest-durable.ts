import type { InboxEvent } from '@huiliu/contracts';
import { BenchProcess } from '../lib/child';
import { CpuMeter } from '../lib/cpu';
import { BenchDatabase } from '../lib/database';
import { openDesk } from '../lib/desk';
import type { Round } from '../lib/floor-result';
import { Latencies } from '../lib/histogram';
import { ingest } from '../lib/ingest';
import { loadInbound } from '../lib/inbound-load';
import { conversationsOf, nthOf, type BenchConversation } from '../lib/messages';
import { startDistributedProduct } from '../lib/product';
import { addCounts, recount, type Counts } from '../lib/recount';
import { pause, until, type Scene } from '../lib/scene';
import { startServices } from '../lib/services';
import { assigned, recountStored } from '../lib/stored';
import { benchKafka, isOfType, TopicReader, type KeptRecord } from '../lib/topic-reader';

const INBOUND = 'channel.inbound.v1';
const EVENTS = 'inbox.events.v1';
const FLOOR_INBOUND = 'floor.inbound';
const FLOOR_EVENTS = 'floor.events';
const PARTITIONS = 12;
const CONVERSATIONS = 500;
const WARM_UP = 10_000;
/** Twenty messages a conversation: what a conversation costs to begin is part of it, not most of it. */
const LEAST = 10_000;
/** The product's tables that the floor writes, too: same columns, same keys. */
const TABLES = { messages: 'inbox_messages', conversations: 'inbox_conversations', outbox: 'inbox_outbox' };

const isCreated = isOfType('message.created');

/**
 * N records lie in `channel.inbound`, N facts must come to lie in `inbox.events`. Both sides are stopped (SIGSTOP) while the records are
 * written and begin at once; the end is the broker's own time of the last fact.
 */
export const ingestDurable: Scene = async ({ seconds, seed }) => {
  const services = await startServices();
  const product = await startDistributedProduct(services);
  const database = await BenchDatabase.open(services.databaseUrl);
  const kafka = benchKafka(services.brokers);
  const producer = kafka.producer();
  const opened: { close(): Promise<void> }[] = [];
  try {
    const desk = await openDesk(product);
    await producer.connect();
    const floorUrl = await prepareFloor(database, services.databaseUrl, kafka);
    const floor = await BenchProcess.start('floor', 'floors/durable', {
      FLOOR_BROKERS: services.brokers,
      FLOOR_DATABASE_URL: floorUrl,
      FLOOR_IN: FLOOR_INBOUND,
      FLOOR_OUT: FLOOR_EVENTS,
    });
    const systemReader = await TopicReader.open(services.brokers, EVENTS, isCreated);
    const floorReader = await TopicReader.open(services.brokers, FLOOR_EVENTS, isCreated);
    opened.push(floor, systemReader, floorReader);
    const delays = new Latencies();
    let series = 0;

    const runFloor = async (messages: number): Promise<Round> => {
      const conversations = conversationsOf(`${seed}/floor/${series++}`, CONVERSATIONS);
      floorReader.begin();
      floor.pause();
      const sent = await loadInbound(producer, FLOOR_INBOUND, desk.accountId, conversations, messages);
      const meter = new CpuMeter([{ name: 'floor', pid: floor.pid }, ...services.processes]);
      const startedMs = Date.now();
      floor.resume();
      await floorReader.waitFor(messages);
      const cpu = meter.read();
      const records = floorReader.records();
      return { ...measured(records, sent, startedMs), cpu, messages };
    };

    const runSystem = async (messages: number): Promise<Round> => {
      const conversations = conversationsOf(`${seed}/system/${series++}`, CONVERSATIONS);
      systemReader.begin();
      product.pause();
      const sent = await loadInbound(producer, INBOUND, desk.accountId, conversations, messages);
      const meter = new CpuMeter([...product.processes(), ...services.processes]);
      const startedMs = Date.now();
      product.resume();
      await systemReader.waitFor(messages);
      const cpu = meter.read();
      await settled(database, conversations);
      const records = systemReader.records();
      for (const record of records.filter(({ value }) => isCreated(value))) delays.record(delayOf(record));
      const onTheBus = measured(records, sent, startedMs);
      const stored = await recountStored(database, conversations, sent);
      return { ...onTheBus, counts: addCounts([onTheBus.counts, stored]), cpu, messages };
    };

    await runFloor(WARM_UP);
    return await ingest(
      {
        scene: 'ingest-durable',
        runFloor,
        runSystem,
        warmUp: WARM_UP,
        least: LEAST,
        most: 100_000,
        conversations: CONVERSATIONS,
        latencyOf: 'the transaction that stores a message until its fact is durable on the bus',
        latency: delays,
        settings: async () => ({
          agents: desk.agents.length,
          database: await database.settings(),
          broker: { version: '4.1', nodes: 1, partitions: PARTITIONS, acks: 'all' },
        }),
      },
      { seconds, seed },
    );
  } finally {
    await Promise.all(opened.map((one) => one.close()));
    await producer.disconnect();
    await database.close();
    await product.stop();
    await product.remove();
    await services.stop();
  }
};

async function prepareFloor(
  database: BenchDatabase,
  url: string,
  kafka: ReturnType<typeof benchKafka>,
): Promise<string> {
  await database.query('CREATE DATABASE huiliu_floor CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
  for (const [name, like] of Object.entries(TABLES))
    await database.query(`CREATE TABLE huiliu_floor.${name} LIKE ${like}`);
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    topics: [FLOOR_INBOUND, FLOOR_EVENTS].map((topic) => ({
      topic,
      numPartitions: PARTITIONS,
      configEntries: [{ name: 'message.timestamp.type', value: 'LogAppendTime' }],
    })),
  });
  await admin.disconnect();
  const floor = new URL(url);
  floor.pathname = '/huiliu_floor';
  return floor.href;
}

/** Rate and recount of one round, from what the broker has. */
function measured(
  records: readonly KeptRecord[],
  sent: ReadonlyMap<string, number>,
  startedMs: number,
): { rate: number; counts: Counts } {
  const created = records.filter(({ value }) => isCreated(value));
  const endedMs = created.reduce((last, { appendedMs }) => Math.max(last, appendedMs), startedMs + 1);
  const seen = created.map(({ value }) => {
    const { data } = JSON.parse(value.toString()) as Extract<InboxEvent, { type: 'message.created' }>;
    return { conversation: data.message.conversationId, nth: nthOf(data.message.clientId) };
  });
  return { rate: (created.length * 1000) / (endedMs - startedMs), counts: recount(sent, seen) };
}

/** From the time that the writer's transaction has until the broker has the fact. */
function delayOf({ value, appendedMs }: KeptRecord): number {
  const { occurredAt } = JSON.parse(value.toString()) as InboxEvent;
  return Math.max(0, appendedMs - Date.parse(occurredAt));
}

/** Everything that follows a round has happened: each conversation has its agent, and nothing waits to be sent. */
async function settled(database: BenchDatabase, conversations: readonly BenchConversation[]): Promise<void> {
  await until(
    async () =>
      (await assigned(database, conversations)) === conversations.length &&
      (await database.count('SELECT COUNT(*) AS n FROM inbox_outbox')) === 0,
    30_000,
  );
  await pause(200);
}
