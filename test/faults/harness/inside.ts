import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Envelope, TopicSpec } from '@huiliu/contracts';
import { openDatabase, type Database } from '@huiliu/storage';
import { seeded, type Random } from './random';
import { embeddedTopics, kafkaTopics, type RawRecord } from './raw-topics';
import { say } from './say';
import { distributedWorld, embeddedWorld, type DistributedWorld, type World } from './world';

export type Mode = World['mode'];
export const MODES: readonly Mode[] = ['embedded', 'distributed'];

/** One statement for both kinds of database, where they differ. */
export type Sql = string | { readonly sqlite: string; readonly mysql: string };

/** A world, with the ways past the product, to its topics and its database, that faults and judges take. */
export interface Inside extends World {
  /** The world's services; null where it is one process. */
  readonly services: DistributedWorld | null;
  readonly random: Random;
  /** What the product's processes were started with. */
  readonly env: Readonly<Record<string, string>>;
  readonly database: Database;
  /** Changes the product's database behind its back. */
  execute(sql: Sql): Promise<void>;
  /** Appends records to the real topics as they are. One process is stopped for it: what it has written itself it hands on in memory. */
  append(records: readonly RawRecord[]): Promise<void>;
  /** Everything that a topic holds, each event once, in order. */
  read<T = unknown>(topic: TopicSpec): Promise<Envelope<T>[]>;
  /** Notes a number for the line that the test prints. */
  count(what: string, number: number): void;
}

/** What was counted by a world since the last time, as one line. */
const counted = new WeakMap<Inside, Map<string, number>>();

export async function openInside(
  mode: Mode,
  env: Readonly<Record<string, string>> = {},
  places: { readonly logFile?: string; readonly kafkaFolder?: string } = {},
): Promise<Inside> {
  const services = mode === 'distributed' ? await distributedWorld(env, { direct: true, ...places }) : null;
  const world: World = services ?? (await embeddedWorld(env, places));
  const opened =
    services === null
      ? await openDatabase({ url: null, dataDir: world.system.dataFolder, prefix: 'suite', schemas: [] })
      : await openDatabase({ url: services.database.service.given, dataDir: '', prefix: 'inbox', schemas: [] });
  world.atEnd(() => opened.close());
  const topics = services === null ? null : await kafkaTopics(services.broker.service.given);
  if (topics !== null) world.atEnd(() => topics.close());
  const { database } = opened;
  const counts = new Map<string, number>();
  const inside: Inside = {
    ...world,
    services,
    random: seeded(),
    env,
    database,
    execute: async (sql) => {
      await world.rows.execute(typeof sql === 'string' ? sql : sql[database.dialect]);
    },
    append: async (records) => {
      if (topics !== null) return topics.append(records);
      await world.system.kill('suite');
      const own = await embeddedTopics(world.system.dataFolder);
      await own.append(records).finally(() => own.close());
      await world.system.restart();
    },
    read: async <T>(topic: TopicSpec) => {
      if (topics !== null) return topics.read<T>(topic);
      const own = await embeddedTopics(world.system.dataFolder);
      return own.read<T>(topic).finally(() => own.close());
    },
    count: (what, number) => void counts.set(what, (counts.get(what) ?? 0) + number),
  };
  counted.set(inside, counts);
  return inside;
}

/** Runs a scene and prints its seed and what it counted; with what went wrong the last lines that the product wrote. */
export async function scene(
  world: Inside,
  name: string,
  play: (world: Inside) => Promise<string[]>,
): Promise<string[]> {
  say(`${name} (${world.mode}), seed ${world.random.seed}`);
  let wrong: string[];
  try {
    wrong = await play(world);
  } catch (error) {
    say(world.system.log());
    throw error;
  }
  const counts = counted.get(world) ?? new Map<string, number>();
  say(`  ${[...counts].map(([what, number]) => `${number} ${what}`).join(', ')}`);
  say(wrong.length === 0 ? '  nothing is wrong' : `  WRONG: ${wrong.length}`);
  counts.clear();
  return wrong;
}

/** What a scene finds wrong where the product breaks a promise on purpose; a scene that cannot even go on has found it, too. */
export async function found(
  world: Inside,
  name: string,
  play: (world: Inside) => Promise<string[]>,
): Promise<string[]> {
  const wrong = await play(world).catch((error: unknown) => [error instanceof Error ? error.message : String(error)]);
  say(`${name} (${world.mode}), seed ${world.random.seed}: ${wrong.length === 0 ? 'NOT NOTICED' : 'noticed'}`);
  if (wrong.length > 0) say(`  ${wrong[0]!.slice(0, 300)}`);
  return wrong;
}

/** The key that all processes of a distributed system share. */
export function masterKey(world: Inside): string {
  return readFileSync(path.join(world.system.dataFolder, 'master.key'), 'utf8').trim();
}
