import { randomBytes } from 'node:crypto';
import type { Account } from '@huiliu/contracts';
import { AgentClient, call, eventually } from '@huiliu/testing';
import { BenchProcess } from '../lib/child';
import { CpuMeter } from '../lib/cpu';
import { accepted, Crowd, type CrowdOutcome, GENERATOR_SHARE, sum } from '../lib/crowd';
import { BenchDatabase } from '../lib/database';
import { floorResult, type Round } from '../lib/floor-result';
import { conversationsOf } from '../lib/messages';
import { interleave } from '../lib/pairs';
import { addressOf, type Product, startDistributedProduct } from '../lib/product';
import { addCounts, type Counts, recount } from '../lib/recount';
import { PAIRS, pause, round, say, type Scene, until } from '../lib/scene';
import { startServices } from '../lib/services';
import { benchKafka, TopicReader } from '../lib/topic-reader';
import { nowMs } from '../load/open-loop';
import { poisson } from '../load/schedule';
import { type PushAccount, readPushId } from '../load/wechat-pushes';

const CONNECTOR = 'connector-wechat';
const TOPIC = 'floor.edge-wechat';
const PARTITIONS = 12;
const CUSTOMERS = 200;
const CONCURRENCY = 64;
/** Longer, and the paused apps would be taken for dead. */
const MOST_SECONDS = 5;
const WARM_UP_SECONDS = 3;
/** What one process must take without a loss, each push answered in time for the platform. */
const BURST = { perSecond: 1_000, seconds: 20, answerMs: 5_000 };
const LEAD_MS = 500;

/**
 * Signed encrypted pushes of an official account in safe mode, taken by one process of the connector. First as fast as they are answered,
 * against a raw HTTP server that checks an HMAC and hands over to the same broker; the apps behind the connector are stopped meanwhile. Then
 * 1,000 a second in an open loop, with the apps behind it stopped and with everything running; each should be answered within 5 s, and each must
 * be stored in the end.
 */
export const edgeWechat: Scene = async ({ seconds, seed }) => {
  const services = await startServices();
  const product = await startDistributedProduct(services);
  const database = await BenchDatabase.open(services.databaseUrl);
  const opened: { close(): Promise<void> }[] = [];
  const behind = product
    .processes()
    .map(({ name }) => name)
    .filter((name) => name !== CONNECTOR);
  const connector = product.processes().filter(({ name }) => name === CONNECTOR);
  try {
    const admin = benchKafka(services.brokers).admin();
    await admin.connect();
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic: TOPIC, numPartitions: PARTITIONS }] });
    await admin.disconnect();
    const { account, push } = await openAccount(product);
    const floor = await BenchProcess.start('floor', 'floors/edge-wechat', {
      FLOOR_BROKERS: services.brokers,
      FLOOR_TOPIC: TOPIC,
      FLOOR_KEY: push.hmacKey,
    });
    const reader = await TopicReader.open(services.brokers, TOPIC, () => true);
    const customers = conversationsOf(`${seed}/edge-wechat`, CUSTOMERS).map(({ id }) => ({
      token: '',
      conversationId: `o${id}`,
    }));
    const at = addressOf(product, CONNECTOR);
    const crowds = {
      floor: await Crowd.of(customers, `http://127.0.0.1:${floor.port}`, account.id, push),
      product: await Crowd.of(customers, at, account.id, push),
    };
    opened.push(floor, reader, crowds.floor, crowds.product);

    const outcomes: CrowdOutcome[] = [];
    const measure = async (
      who: Crowd,
      processes: readonly { name: string; pid: number }[],
      forSeconds: number,
    ): Promise<Omit<Round, 'counts'>> => {
      const meter = new CpuMeter([...processes, ...services.processes, { name: 'pushes', pid: who.process.pid }]);
      const outcome = await who.write({ concurrency: CONCURRENCY, seconds: forSeconds });
      outcomes.push(outcome);
      const messages = accepted(outcome);
      if (messages !== sum(Object.values(outcome.statuses)))
        say(`edge-wechat: not everything was taken: ${JSON.stringify(outcome.statuses)}`);
      return { rate: (messages * 1000) / (outcome.endMs - outcome.startMs), cpu: meter.read(), messages };
    };
    const runFloor = async (forSeconds: number): Promise<Round> => {
      product.pause();
      const one = await measure(crowds.floor, [{ name: 'floor', pid: floor.pid }], forSeconds);
      product.resume();
      const { sent } = outcomes.at(-1)!;
      await reader.waitFor(sum(sent));
      const seen = reader.records().map(({ value }) => lineOf((JSON.parse(value.toString()) as { id: string }).id));
      return { ...one, counts: recount(sentBy(sent), seen) };
    };
    const runSystem = async (forSeconds: number): Promise<Round> => {
      product.pause(...behind);
      const one = await measure(crowds.product, connector, forSeconds);
      product.resume(...behind);
      return { ...one, counts: await stored(database, account.id, outcomes.at(-1)!.sent) };
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
    const systems = outcomes.filter((_, nth) => nth % 2 === 1);
    const last = systems.at(-1)!;
    // The one process with its broker; then with all the others, who want the same cores.
    product.pause(...behind);
    const alone = await runBurst('the connector alone', crowds.product, last.sent, seed);
    product.resume(...behind);
    const caughtUp = await stored(database, account.id, alone.outcome.sent);
    const among = await runBurst('everything running', crowds.product, alone.outcome.sent, seed + 1);
    const counts = addCounts([warm.counts, caughtUp, await stored(database, account.id, among.outcome.sent)]);
    return floorResult(pairs, {
      scene: 'edge-wechat',
      unit: 'pushes/s',
      warm: [{ ...warm, counts }],
      latencyOf: `due until answered, ${BURST.perSecond} a second for ${BURST.seconds} s, the connector alone`,
      latency: alone.outcome.answered,
      histogram: [],
      details: {
        burst: { alone: alone.figures, everythingRunning: among.figures },
        closedLoop: { latency: last.answered, concurrency: CONCURRENCY },
        generatorWasTheBottleneck: systems.some(({ self }) => self.cpuShare > GENERATOR_SHARE),
        generatorCpuShare: round(Math.max(...systems.map(({ self }) => self.cpuShare)), 2),
      },
      settings: { seed, customers: CUSTOMERS, concurrency: CONCURRENCY, secondsPerRound: each, burst: BURST },
    });
  } finally {
    await Promise.all(opened.map((one) => one.close()));
    await database.close();
    await product.stop();
    await product.remove();
    await services.stop();
  }
};

/** An official account in safe mode that the connector serves. */
async function openAccount({ baseUrl, adminPassword }: Product): Promise<{ account: Account; push: PushAccount }> {
  const admin = await AgentClient.login(baseUrl, 'admin', adminPassword);
  const push: PushAccount = {
    appId: `wx${randomBytes(8).toString('hex')}`,
    token: randomBytes(12).toString('hex'),
    encodingAesKey: randomBytes(32).toString('base64').slice(0, 43),
    hmacKey: randomBytes(32).toString('hex'),
  };
  const { hmacKey: _floors, ...known } = push;
  const config = { ...known, appSecret: randomBytes(16).toString('hex') };
  const account = await admin.post<Account>('/accounts', { channel: 'wechat-official', name: 'bench', config });
  // Without a signature it is refused, once it is known.
  const served = async (): Promise<boolean> =>
    (await call(baseUrl, 'POST', `/webhooks/wechat-official/${account.id}`, { raw: 'x' })).status === 401;
  await eventually('the connector knows the account', served, 20_000);
  return { account, push };
}

async function runBurst(how: string, crowd: Crowd, sent: readonly number[], seed: number) {
  const { perSecond, seconds, answerMs } = BURST;
  const schedule = poisson({ perSecond, seconds, visitors: CUSTOMERS, seed, first: sent });
  // The broker and the database come to rest first: it is the burst that is measured.
  await pause(LEAD_MS);
  const outcome = await crowd.writeOnSchedule(schedule, nowMs() + LEAD_MS);
  const offered = schedule.dueMs.length;
  const slowest = outcome.answered.maxMs ?? 0;
  const figures = {
    offered,
    taken: accepted(outcome),
    statuses: outcome.statuses,
    answered: outcome.answered,
    lateness: outcome.lateness,
    allWithin5s: accepted(outcome) === offered && slowest <= answerMs,
    generatorCpuShare: round(outcome.self.cpuShare, 2),
  };
  say(
    `  ${how}: ${offered} pushes offered, ${figures.taken} taken; p50 ${outcome.answered.p50Ms} p99 ${outcome.answered.p99Ms} slowest ${slowest} ms`,
  );
  return { outcome, figures };
}

const lineOf = (id: string): { conversation: string; nth: number } => {
  const { visitor, nth } = readPushId(id);
  return { conversation: String(visitor), nth };
};
const sentBy = (sent: readonly number[]): Map<string, number> =>
  new Map(sent.map((count, nth) => [String(nth), count]));

/** Waits until the inbox has stored what was taken, and recounts it there, each conversation in its order. */
async function stored(database: BenchDatabase, accountId: string, sent: readonly number[]): Promise<Counts> {
  const from = 'inbox_messages m JOIN inbox_conversations c ON c.id = m.conversation_id WHERE c.account_id = ?';
  const wanted = sum(sent);
  await until(
    async () => (await database.count(`SELECT COUNT(*) AS n FROM ${from}`, [accountId])) >= wanted,
    120_000,
    500,
  );
  const rows = await database.query<{ remote_id: string }>(
    `SELECT m.remote_id FROM ${from} ORDER BY m.conversation_id, m.seq`,
    [accountId],
  );
  return recount(
    sentBy(sent),
    rows.map(({ remote_id: id }) => lineOf(id)),
  );
}
