import { Latest } from '@huiliu/platform';
import type { Clock } from '../clock';
import { toDbTime } from '../clock';
import type { Tx } from '../database';
import type { SchemaModule } from '../migrations';
import { Outbox, type OutboxRecord } from '../outbox';
import { createTables, extendIndex } from '../table';

export const SHARDS = 16;

/** The broker refuses larger records, and would for ever: better that the transaction fails that makes one. */
const MOST_BYTES = 900_000;

export function outboxSchema(prefix: string): SchemaModule {
  const table = {
    name: `${prefix}_outbox`,
    columns: {
      n: { type: 'big', auto: true },
      id: { type: 'id' },
      topic: { type: 'str(200)' },
      event_key: { type: 'str(1100)' },
      shard: { type: 'int' },
      value: { type: 'text' },
      created_at: { type: 'time' },
    },
    primary: ['n'],
    index: [['shard', 'n']],
  } as const;
  return {
    prefix,
    steps: [
      createTables('20261123-01-outbox', [table]),
      // The relay asks for ids alone: it need not look at the rows.
      extendIndex('20261128-01-outbox', table, ['shard', 'n'], ['id']),
    ],
  };
}

/** So many records that this process committed are remembered until they are sent: the relay need not read back what was just written. */
const MOST_REMEMBERED = 10_000;
const MOST_REMEMBERED_BYTES = 64 * 1024 * 1024;

/** The shard of a key: the same in every process and for ever (FNV-1a). */
export function shardOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % SHARDS;
}

/**
 * The outbox where the bus is Kafka: rows that a relay sends and then deletes. Rows of one conversation are inserted under that
 * conversation's lock, so for each key the order of `n` is the order of the commits; over all keys it is not.
 */
export class TableOutbox extends Outbox {
  private readonly table: string;
  /** The first are the oldest: another process sends their shard, or there is a backlog. */
  private readonly unsent = new Latest<string, OutboxRecord>(MOST_REMEMBERED, MOST_REMEMBERED_BYTES);
  private watcher: ((tx: Tx, shards: ReadonlySet<number>) => void) | null = null;
  private listener: ((shards: ReadonlySet<number>) => void) | null = null;

  constructor(
    prefix: string,
    private readonly clock: Clock,
  ) {
    super();
    this.table = `${prefix}_outbox`;
  }

  override async add(tx: Tx, records: readonly OutboxRecord[]): Promise<void> {
    if (records.length === 0) return;
    const now = toDbTime(this.clock.now());
    const shards = new Set<number>();
    const rows = records.map(({ id, topic, key, value }) => {
      if (value.length > MOST_BYTES / 3 && Buffer.byteLength(value) > MOST_BYTES)
        throw new RangeError(`a record for ${topic} is too large for the bus`);
      const shard = shardOf(key);
      shards.add(shard);
      return [id, topic, key, shard, value, now];
    });
    await tx.insertMany(this.table, ['id', 'topic', 'event_key', 'shard', 'value', 'created_at'], rows);
    this.watcher?.(tx, shards);
    tx.afterCommit(() => {
      if (this.listener === null) return;
      this.remember(records);
      this.listener(shards);
    });
  }

  /** A record that this process committed not long ago; undefined: it must be read. */
  remembered(id: string): OutboxRecord | undefined {
    return this.unsent.get(id);
  }

  /** The bus has them. */
  forget(ids: readonly string[]): void {
    for (const id of ids) this.unsent.delete(id);
  }

  /** Tells the relay of this process of a transaction that has something to send from these shards. */
  onAdded(watcher: (tx: Tx, shards: ReadonlySet<number>) => void): void {
    this.watcher = watcher;
  }

  /** Tells the relay of this process which shards have something to send. */
  onCommitted(listener: (shards: ReadonlySet<number>) => void): void {
    this.listener = listener;
  }

  private remember(records: readonly OutboxRecord[]): void {
    // Held as text and as what the text was made of, each with up to two bytes a character.
    for (const record of records) this.unsent.add(record.id, record, 4 * record.value.length);
  }
}
