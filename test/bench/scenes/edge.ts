import { createHmac, randomBytes } from 'node:crypto';
import { BenchProcess } from '../lib/child';
import { CpuMeter } from '../lib/cpu';
import { accepted, Crowd, GENERATOR_SHARE, sum, type CrowdOutcome } from '../lib/crowd';
import { BenchDatabase } from '../lib/database';
import { openDesk } from '../lib/desk';
import { floorResult, type Round } from '../lib/floor-result';
import { conversationsOf, nthOf } from '../lib/messages';
import { interleave } from '../lib/pairs';
import { addressOf, startDistributedProduct } from '../lib/product';
import { recount, type Counts } from '../lib/recount';
import { PAIRS, round, say, until, type Scene } from '../lib/scene';
import { startServices } from '../lib/services';
import { benchKafka, TopicReader } from '../lib/topic-reader';

const TOPIC = 'floor.edge';
const PARTITIONS = 12;
const VISITORS = 200;
const CONCURRENCY = 64;
/** Longer, and the paused apps would be taken for dead. */
const MOST_SECONDS = 5;
const WARM_UP_SECONDS = 3;

/**
 * Signed posts, accepted once they are durable on the broker. The floor checks an HMAC and hands over to the same broker. While a round lasts,
 * the apps behind the connector are stopped: what they do with a message is measured elsewhere; afterwards each message must be stored.
 */
export const edge: Scene = async ({ seconds, seed }) => {
  const services = await startServices();
  const product = await startDistributedProduct(services);
  const database = await BenchDatabase.open(services.databaseUrl);
  const kafka = benchKafka(services.brokers);
  const opened: { close(): Promise<void> }[] = [];
  const behind = product
    .processes()
    .map(({ name }) => name)
    .filter((name) => name !== 'connector-webchat');
  try {
    const desk = await openDesk(product);
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic: TOPIC, numPartitions: PARTITIONS }] });
    // Asked anew: kafkajs itself gives up when the broker does not know the topic yet.
    await until(async () => (await admin.fetchTopicOffsets(TOPIC).catch(() => [])).length === PARTITIONS, 30_000, 200);
    await admin.disconnect();
    const key = randomBytes(32).toString('base64');
    const floor = await BenchProcess.start('floor', 'floors/edge', {
      FLOOR_BROKERS: services.brokers,
      FLOOR_TOPIC: TOPIC,
      FLOOR_KEY: key,
      FLOOR_ACCOUNT: desk.accountId,
    });
    const reader = await TopicReader.open(services.brokers, TOPIC, () => true);
    const floorCrowd = await Crowd.of(signed(`${seed}/edge`, key), `http://127.0.0.1:${floor.port}`, desk.accountId);
    const crowd = await Crowd.open(product.baseUrl, desk.accountId, VISITORS, addressOf(product, 'connector-webchat'));
    opened.push(floor, reader, floorCrowd, crowd);

    const measure = async (
      who: Crowd,
      processes: readonly { name: string; pid: number }[],
      forSeconds: number,
    ): Promise<{ outcome: CrowdOutcome; round: Omit<Round, 'counts'> }> => {
      const meter = new CpuMeter([...processes, ...services.processes, { name: 'visitors', pid: who.process.pid }]);
      const outcome = await who.write({ concurrency: CONCURRENCY, seconds: forSeconds });
      const messages = accepted(outcome);
      const cpu = meter.read();
      if (messages === 0) throw new Error(`nothing was accepted: ${JSON.stringify(outcome.statuses)}`);
      if (messages !== sum(Object.values(outcome.statuses)))
        say(`edge: not everything was accepted: ${JSON.stringify(outcome.statuses)}`);
      return { outcome, round: { rate: (messages * 1000) / (outcome.endMs - outcome.startMs), cpu, messages } };
    };

    const outcomes: CrowdOutcome[] = [];
    const runFloor = async (forSeconds: number): Promise<Round> => {
      product.pause();
      const { outcome, round: one } = await measure(floorCrowd, [{ name: 'floor', pid: floor.pid }], forSeconds);
      product.resume();
      await reader.waitFor(sum(outcome.sent));
      const seen = reader.records().map(({ value }) => {
        const { data } = JSON.parse(value.toString()) as { data: { conversationId: string; clientId: string } };
        return { conversation: data.conversationId, nth: nthOf(data.clientId) };
      });
      return { ...one, counts: recount(floorCrowd.sentBy(outcome), seen) };
    };

    const runSystem = async (forSeconds: number): Promise<Round> => {
      product.pause(...behind);
      const connector = product.processes().filter(({ name }) => name === 'connector-webchat');
      const { outcome, round: one } = await measure(crowd, connector, forSeconds);
      product.resume(...behind);
      outcomes.push(outcome);
      return { ...one, counts: await stored(database, crowd.sentBy(outcome)) };
    };

    await runFloor(WARM_UP_SECONDS);
    const warm = await runSystem(WARM_UP_SECONDS);
    const each = Math.min(MOST_SECONDS, Math.max(1, seconds / PAIRS / 2));
    outcomes.length = 0;
    const pairs = await interleave(
      PAIRS,
      () => runFloor(each),
      () => runSystem(each),
    );
    const last = outcomes.at(-1)!;
    return floorResult(pairs, {
      scene: 'edge',
      unit: 'messages/s',
      warm: [warm],
      latencyOf: `a post until its 202, ${CONCURRENCY} at a time (the last round)`,
      latency: last.answered,
      histogram: [],
      details: {
        generatorWasTheBottleneck: outcomes.some(({ self }) => self.cpuShare > GENERATOR_SHARE),
        generatorCpuShare: round(Math.max(...outcomes.map(({ self }) => self.cpuShare)), 2),
      },
      settings: { seed, visitors: VISITORS, concurrency: CONCURRENCY, secondsPerRound: each },
    });
  } finally {
    await Promise.all(opened.map((one) => one.close()));
    await database.close();
    await product.stop();
    await product.remove();
    await services.stop();
  }
};

/** Tokens as long as the product's, signed with the floor's key. */
function signed(series: string, key: string): { token: string; conversationId: string }[] {
  return conversationsOf(series, VISITORS).map(({ id, visitorId }) => {
    const claims = { v: 1, accountId: id, visitorId, conversationId: id, iat: Math.floor(Date.now() / 1000) };
    const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
    const signature = createHmac('sha256', key).update(payload).digest('base64url');
    return { token: `${payload}.${signature}`, conversationId: id };
  });
}

/** Waits until the inbox has stored what was accepted, and recounts it there. */
async function stored(database: BenchDatabase, sent: ReadonlyMap<string, number>): Promise<Counts> {
  const ids = [...sent.keys()];
  const marks = ids.map(() => '?').join(', ');
  const wanted = sum(sent.values());
  await until(
    async () =>
      (await database.count(`SELECT COUNT(*) AS n FROM inbox_messages WHERE conversation_id IN (${marks})`, ids)) >=
      wanted,
    120_000,
    200,
  );
  const rows = await database.query<{ conversation_id: string; client_id: string }>(
    `SELECT conversation_id, client_id FROM inbox_messages WHERE conversation_id IN (${marks}) ORDER BY conversation_id, seq`,
    ids,
  );
  return recount(
    sent,
    rows.map((row) => ({ conversation: row.conversation_id, nth: nthOf(row.client_id) })),
  );
}
