import type { Envelope, TopicSpec } from '@huiliu/contracts';
import { openDatabase, type Database } from '@huiliu/storage';
import { startDistributed, startSuite, type System } from '@huiliu/testing';
import { Stage } from '../../e2e/stage';
import { embeddedTopics, kafkaTopics, type RawRecord, type RawTopics } from './raw-topics';

export type Mode = 'suite' | 'distributed';
export const MODES: readonly Mode[] = ['suite', 'distributed'];

/** One statement for both kinds of database, where they differ. */
export type Sql = string | { readonly sqlite: string; readonly mysql: string };

/** A running product, and the ways past it to its topics and its database that faults and judges take. */
export class World {
  private readonly counts = new Map<string, number>();

  private constructor(
    readonly mode: Mode,
    readonly system: System,
    readonly stage: Stage,
    readonly random: () => number,
    readonly env: Readonly<Record<string, string>>,
    readonly brokers: string,
    readonly databaseUrl: string,
    private readonly topics: RawTopics | null,
    private readonly opened: { readonly database: Database; close(): Promise<void> },
  ) {}

  static async open(mode: Mode, seed: number, env: Readonly<Record<string, string>> = {}): Promise<World> {
    const random = randomOf(seed);
    if (mode === 'suite') {
      const system = await startSuite({ env });
      const opened = await openDatabase({ url: null, dataDir: system.dataFolder, prefix: 'suite', schemas: [] });
      return new World(mode, system, await Stage.on(system), random, env, '', '', null, opened);
    }
    const system = await startDistributed({ env });
    const opened = await openDatabase({ url: system.databaseUrl, dataDir: '', prefix: 'inbox', schemas: [] });
    const topics = await kafkaTopics(system.brokers);
    return new World(mode, system, await Stage.on(system), random, env, system.brokers, system.databaseUrl, topics, opened);
  }

  get database(): Database {
    return this.opened.database;
  }

  /** Changes the product's database behind its back. */
  async execute(sql: Sql): Promise<void> {
    const { database } = this;
    await database.transaction((tx) => tx.execute(typeof sql === 'string' ? sql : sql[database.dialect]));
  }

  /** Appends records to the real topics as they are. The suite is stopped for it: what it has written itself it hands on in memory. */
  async append(records: readonly RawRecord[]): Promise<void> {
    if (this.topics !== null) return this.topics.append(records);
    await this.system.kill('suite');
    const topics = await embeddedTopics(this.system.dataFolder);
    await topics.append(records);
    await topics.close();
    await this.system.restart();
  }

  /** Everything that a topic holds, each event once, in order. */
  async read<T = unknown>(topic: TopicSpec): Promise<Envelope<T>[]> {
    if (this.topics !== null) return this.topics.read<T>(topic);
    const topics = await embeddedTopics(this.system.dataFolder);
    try {
      return await topics.read<T>(topic);
    } finally {
      await topics.close();
    }
  }

  /** Notes a number for the line that the test prints. */
  count(what: string, number: number): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + number);
  }

  /** What was counted since the last time, as one line. */
  recount(): string {
    const line = [...this.counts].map(([what, number]) => `${number} ${what}`).join(', ');
    this.counts.clear();
    return line;
  }

  async stop(): Promise<void> {
    await this.topics?.close();
    await this.opened.close();
    await this.system.stop();
  }
}

function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
