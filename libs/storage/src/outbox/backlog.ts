import { breaks } from '@huiliu/platform';
import type { Database, Tx } from '../database';
import type { OutboxRecord } from '../outbox';
import { indexName } from '../table';
import type { Group, OutboxRow } from './group';
import type { TableOutbox } from './table-outbox';

export interface Unsent extends OutboxRow {
  readonly record: OutboxRecord;
}

interface Found {
  readonly rows: readonly Unsent[];
  /** Nothing else waited in the group's shards. */
  readonly isAll: boolean;
}

/** What waits in an outbox's table. */
export class Backlog {
  constructor(
    private readonly database: Database,
    private readonly outbox: TableOutbox,
    private readonly table: string,
    private readonly batch: number,
  ) {}

  /** The lowest unsent rows of the group's shards. */
  async next(group: Group, shards: readonly number[]): Promise<Found> {
    const seen = this.seenBy(group, shards);
    if (seen !== null) return seen;
    const behind = shards.filter((shard) => shard >= group.cursor);
    const from = group.cursor;
    group.cursor = 0;
    if (behind.length > 0) {
      const { rows, isAll } = await this.select(behind, group);
      // Where there is more than a batch, the next begins with the shard after: none starves.
      if (rows.length >= this.batch) group.cursor = rows[rows.length - 1]!.shard + 1;
      if (rows.length > 0) return { rows, isAll: isAll && behind.length === shards.length };
    }
    return from > 0 && shards.length > behind.length ? this.select(shards, group) : { rows: [], isAll: true };
  }

  /**
   * Looks with the commit of a transaction that has written to the group, where nothing else is going on in it: the last thing before the
   * commit sees what a look after it would, since who wrote to one of its keys before has committed before.
   */
  lookWith(tx: Tx, group: Group, shards: readonly number[]): void {
    if (!group.rests || shards.length === 0 || group.sent.size >= this.batch) return;
    const { rings, forgotten } = group;
    const most = this.batch + group.sent.size;
    tx.askLast?.(this.lookSql(shards, most, group), (found) => {
      group.seen = { rows: found as unknown as readonly OutboxRow[], shards, rings, forgotten, most };
    });
  }

  /** What the commit that woke the group has seen; null where that is not all there is to know by now. */
  private seenBy(group: Group, shards: readonly number[]): Found | null {
    const { seen, sent } = group;
    group.seen = null;
    // Another commit beside it, or a deletion: what it saw may be too little, or gone.
    if (seen === null || group.rings !== seen.rings + 1 || group.forgotten !== seen.forgotten) return null;
    if (group.cursor > 0 || seen.shards.join() !== shards.join()) return null;
    const rows = seen.rows.filter(({ n }) => !sent.has(n));
    const unsent = rows.flatMap((row) => {
      const record = this.outbox.remembered(row.id);
      return record === undefined ? [] : [{ ...row, record }];
    });
    // Another process wrote some of them: they are read.
    if (unsent.length < rows.length || unsent.length > this.batch) return null;
    return { rows: unsent, isAll: seen.rows.length < seen.most };
  }

  private async select(shards: readonly number[], group: Group): Promise<Found> {
    // As they are now: what is deleted while the database answers may be in its answer.
    const sent = new Set(group.sent.keys());
    const most = this.batch + sent.size;
    const found = await this.database.query<OutboxRow>(this.lookSql(shards, most, group));
    const rows = found.filter(({ n }) => !sent.has(n)).slice(0, this.batch);
    // Taken before anything is awaited: what is remembered may be forgotten meanwhile, and no row may be left out before a later one.
    const known = rows.map(({ id }) => this.outbox.remembered(id));
    const read = await this.read(rows.filter((_, i) => known[i] === undefined));
    const unsent = rows.flatMap((row, i) => {
      const record = known[i] ?? read.get(row.id);
      // Gone since: another process had the shard meanwhile and has sent it.
      return record === undefined ? [] : [{ ...row, record }];
    });
    return { rows: unsent, isAll: found.length < most };
  }

  private lookSql(shards: readonly number[], most: number, group: Group): string {
    // The index holds what is asked for, (shard, n, id) under the name it had without the id: no row is looked at, and a long backlog not sorted.
    const index =
      this.database.dialect === 'mysql' ? ` FORCE INDEX (${indexName(this.table, 'i', ['shard', 'n'])})` : '';
    return `SELECT n, id, shard FROM ${this.table}${index} WHERE shard IN (${shards.join(', ')})${breaks('relay-cursor') ? ` AND n > ${group.last}` : ''} ORDER BY shard, n LIMIT ${most}`;
  }

  /** What the rows hold, by id: what another process committed, or this one long ago. */
  private async read(rows: readonly OutboxRow[]): Promise<Map<string, OutboxRecord>> {
    if (rows.length === 0) return new Map();
    const found = await this.database.query<{ id: string; topic: string; event_key: string; value: string }>(
      `SELECT id, topic, event_key, value FROM ${this.table} WHERE n IN (${rows.map(({ n }) => n).join(', ')})`,
    );
    return new Map(found.map(({ id, topic, event_key: key, value }) => [id, { id, topic, key, value }]));
  }
}
