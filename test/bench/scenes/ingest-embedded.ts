import { cp, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import type { InboxEvent } from '@huiliu/contracts';
import { BenchProcess } from '../lib/child';
import { CpuMeter } from '../lib/cpu';
import { openDesk, type Desk } from '../lib/desk';
import type { Round } from '../lib/floor-result';
import { Latencies } from '../lib/histogram';
import { ingest } from '../lib/ingest';
import { conversationsOf, inboundRecord, nthOf, type BenchConversation } from '../lib/messages';
import { startSuiteProduct } from '../lib/product';
import { addCounts, recount } from '../lib/recount';
import { until, type Scene } from '../lib/scene';
import { scratch } from '../lib/services';
import { EVENTS, INBOUND, LOG, SqliteFile } from '../lib/sqlite-file';
import { assigned, recountStored } from '../lib/stored';

const CONVERSATIONS = 500;
const WARM_UP = 10_000;
const LEAST = 20_000;
const PATIENCE_MS = 240_000;

/**
 * N records lie in the log under `channel.inbound`, N facts must come to lie there under `inbox.events`. Each round begins with a copy of
 * the same file and a process of its own, floor and system alike.
 */
export const ingestEmbedded: Scene = async ({ seconds, seed }) => {
  const template = await mkdtemp(path.join(scratch(), 'template-'));
  const desk = await prepare(template);
  const between = new Latencies();
  let series = 0;

  const lay = (
    file: string,
    messages: number,
  ): { conversations: BenchConversation[]; sent: Map<string, number>; last: number } => {
    const conversations = conversationsOf(`${seed}/${series++}`, CONVERSATIONS);
    const sent = new Map<string, number>();
    const records = Array.from({ length: messages }, (_, i) => {
      const conversation = conversations[i % CONVERSATIONS]!;
      const nth = sent.get(conversation.id) ?? 0;
      sent.set(conversation.id, nth + 1);
      const envelope = inboundRecord(desk.accountId, conversation, nth, new Date());
      return { key: envelope.key, id: envelope.id, value: JSON.stringify(envelope) };
    });
    const database = new SqliteFile(file, false);
    const last = database.add(INBOUND, records, new Date().toISOString().replace('T', ' ').slice(0, 23));
    database.close();
    return { conversations, sent, last };
  };

  const runFloor = async (messages: number): Promise<Round> => {
    const folder = await copyOf(template);
    const file = path.join(folder, 'huiliu.sqlite');
    const { sent } = lay(file, messages);
    const floor = await BenchProcess.start('floor', 'floors/embedded', {
      FLOOR_FILE: file,
      FLOOR_IN: INBOUND,
      FLOOR_OUT: EVENTS,
    });
    try {
      const meter = new CpuMeter([{ name: 'floor', pid: floor.pid }]);
      const done = await floor.ask<{ startedMs: number; endedMs: number; messages: number }>({ type: 'go' }, 'done');
      const cpu = meter.read();
      const counts = recount(sent, seenInLog(file));
      return { rate: (done.messages * 1000) / (done.endedMs - done.startedMs), counts, cpu, messages };
    } finally {
      await floor.close();
      await rm(folder, { recursive: true, force: true });
    }
  };

  const runSystem = async (messages: number): Promise<Round> => {
    const folder = await copyOf(template);
    const file = path.join(folder, 'huiliu.sqlite');
    const { conversations, sent, last } = lay(file, messages);
    const database = new SqliteFile(file, true);
    try {
      const starting = startSuiteProduct(folder);
      starting.catch(() => undefined);
      const first = await untilPast(database, 0);
      const product = await starting;
      const meter = new CpuMeter(product.processes());
      const metered = database.position() + database.ahead();
      const ended = await untilPast(database, last - 1);
      const cpu = meter.read();
      await until(async () => (await assigned(database, conversations)) === CONVERSATIONS, 30_000);
      await product.stop();
      const times = factTimes(database);
      const startedMs = times[0] ?? first;
      times.forEach((ms, i) => i > 0 && ms > times[i - 1]! && between.record(ms - times[i - 1]!));
      const counts = addCounts([recount(sent, seenInLog(file)), await recountStored(database, conversations, sent)]);
      // Its processes take CPU to start, too: only what was handled from the first look on is counted.
      const share = (last - metered) / messages;
      return {
        rate: (messages * 1000) / (ended - startedMs),
        counts,
        cpu: Object.fromEntries(Object.entries(cpu).map(([name, micros]) => [name, share > 0 ? micros / share : 0])),
        messages,
      };
    } finally {
      database.close();
      await rm(folder, { recursive: true, force: true });
    }
  };

  try {
    return await ingest(
      {
        scene: 'ingest-embedded',
        runFloor,
        runSystem,
        warmUp: WARM_UP,
        least: LEAST,
        most: 200_000,
        conversations: CONVERSATIONS,
        latencyOf: 'from one transaction of the inbox to the next',
        latency: between,
        settings: () =>
          Promise.resolve({
            agents: desk.agents.length,
            database: 'SQLite, WAL, synchronous=FULL, checkpoints at 10,000 pages',
          }),
      },
      { seconds, seed },
    );
  } finally {
    await rm(template, { recursive: true, force: true });
  }
};

/** The suite's data after its first start, with an account and agents who are there. */
async function prepare(folder: string): Promise<Desk> {
  const product = await startSuiteProduct(folder);
  try {
    return await openDesk(product);
  } finally {
    await product.stop();
  }
}

async function copyOf(template: string): Promise<string> {
  const folder = await mkdtemp(path.join(scratch(), 'round-'));
  await cp(template, folder, { recursive: true });
  return folder;
}

/** Resolves, when the inbox's position has passed `n`, to the time, ms. The position is committed with the effects. */
async function untilPast(database: SqliteFile, n: number): Promise<number> {
  if (!(await until(() => Promise.resolve(database.position() > n), PATIENCE_MS, 2)))
    throw new Error(`the inbox did not come past ${n} of its topic; it stands at ${database.position()}`);
  return Date.now();
}

/** The times of the transactions that told of messages, ms, in order. */
function factTimes(database: SqliteFile): number[] {
  const rows = database.all<{ created_at: string }>(
    `SELECT DISTINCT created_at FROM ${LOG} WHERE topic = '${EVENTS}' AND value LIKE '%"type":"message.created"%' ORDER BY created_at`,
  );
  return rows.map((row) => Date.parse(`${row.created_at.replace(' ', 'T')}Z`));
}

/** The facts in the log, in their order. */
function seenInLog(file: string): { conversation: string; nth: number }[] {
  const database = new SqliteFile(file, true);
  const rows = database.all<{ value: string }>(
    `SELECT value FROM ${LOG} WHERE topic = '${EVENTS}' AND value LIKE '%"type":"message.created"%' ORDER BY n`,
  );
  database.close();
  return rows.map(({ value }) => {
    const { data } = JSON.parse(value) as Extract<InboxEvent, { type: 'message.created' }>;
    return { conversation: data.message.conversationId, nth: nthOf(data.message.clientId) };
  });
}
