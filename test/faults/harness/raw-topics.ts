import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { busSchemas, openKafkaBus } from '@huiliu/bus';
import { newId } from '@huiliu/platform';
import { openDatabase } from '@huiliu/storage';
import type { Envelope, TopicSpec } from '@huiliu/contracts';

/** A record as it is to stand in a topic, valid or not. */
export interface RawRecord {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
}

/** The topics as a fault writes them and a judge reads them: past the product's own checks. */
export interface RawTopics {
  /** Appends records as they are. Embedded: only while the suite is stopped, which hands on in memory what it wrote itself. */
  append(records: readonly RawRecord[]): Promise<void>;
  /** Everything that a topic holds, each event once, in order. */
  read<T = unknown>(topic: TopicSpec): Promise<Envelope<T>[]>;
  close(): Promise<void>;
}

/** The topics of a broker. What is appended goes the way of every record: through an outbox (of a scratch database) and its relay. */
export async function kafkaTopics(brokers: string): Promise<RawTopics> {
  const folder = await mkdtemp(path.join(tmpdir(), 'huiliu-raw-'));
  const prefix = `raw${randomBytes(4).toString('hex')}`;
  const storage = await openDatabase({
    url: `sqlite:${path.join(folder, 'raw.sqlite')}`,
    dataDir: folder,
    prefix,
    schemas: busSchemas({ bus: 'kafka' }, prefix),
  });
  const { database, clock, handled, outbox, relay } = storage;
  const { bus } = openKafkaBus({ prefix, database, clock, handled, outbox, relay, brokers: brokers.split(',') });
  await bus.start();
  return {
    append: async (records) => {
      await database.transaction((tx) => outbox.add(tx, records.map(withId)));
      while ((await relay.stats()).backlog > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    },
    read: async <T>(topic: TopicSpec) => {
      const found: Envelope<T>[] = [];
      const tail = await bus.tail<T>(
        topic,
        'beginning',
        (records) => void found.push(...records.map(({ envelope }) => envelope)),
      );
      await tail.caughtUp;
      await tail.close();
      return found;
    },
    close: async () => {
      await bus.stop(5_000);
      await storage.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The topics of a suite: the log in its SQLite file. */
export async function embeddedTopics(dataFolder: string): Promise<RawTopics> {
  const storage = await openDatabase({ url: null, dataDir: dataFolder, prefix: 'suite', schemas: [] });
  const { database } = storage;
  return {
    append: (records) =>
      database.transaction((tx) =>
        tx.insertMany(
          'suite_bus_log',
          ['topic', 'event_key', 'id', 'value', 'created_at'],
          records.map(withId).map(({ topic, key, id, value }) => [topic, key, id, value, NOW()]),
        ),
      ),
    read: async <T>(topic: TopicSpec) => {
      const rows = await database.query<{ value: string }>(
        'SELECT value FROM suite_bus_log WHERE topic = ? ORDER BY n',
        [topic.name],
      );
      return rows.flatMap((row) => parsed(row.value)).filter(isEvent) as Envelope<T>[];
    },
    close: () => storage.close(),
  };
}

const NOW = (): string => new Date().toISOString().replace('T', ' ').slice(0, 23);

/** Nothing where a record is no event at all. */
function parsed(value: string): unknown[] {
  try {
    return [JSON.parse(value)];
  } catch {
    return [];
  }
}

/** Poison may be JSON and yet no event. */
const isEvent = (value: unknown): boolean => typeof (value as { key?: unknown } | null)?.key === 'string';

/** A record's own id where it has one: the same event again is the same event. */
function withId(record: RawRecord): RawRecord & { id: string } {
  const { id } = (parsed(record.value)[0] ?? {}) as { id?: unknown };
  return { ...record, id: typeof id === 'string' && id.length === 26 ? id : newId() };
}
