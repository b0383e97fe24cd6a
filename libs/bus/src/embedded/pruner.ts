import { specOf } from '../topics';
import { toDbTime, type Clock, type Database } from '@huiliu/storage';
import type { BusTables } from '../schema';

/** What stays at least, whatever groups have handled. */
export interface Retention {
  readonly keepMs: number;
  readonly keepRecords: number;
}

export const DEFAULT_RETENTION: Retention = { keepMs: 24 * 3600_000, keepRecords: 10_000 };

/** Rows of one DELETE: every writer waits for it. */
const AT_ONCE = 500;

/**
 * Removes what the log need not keep: of compacted topics what a later record of the key replaced, of others what is older
 * than a day, not among the latest 10,000 and handled by every group.
 */
export class Pruner {
  constructor(
    private readonly db: Database,
    private readonly tables: BusTables,
    private readonly clock: Clock,
    /** The groups that handle a topic in this process; positions of others hold nothing. */
    private readonly groupsOf: (topic: string) => readonly string[],
    private readonly retention: Retention = DEFAULT_RETENTION,
  ) {}

  async prune(): Promise<void> {
    for (const topic of await this.topics()) {
      if (specOf(topic)?.compacted) await this.compact(topic);
      else await this.expire(topic);
    }
  }

  /** The topics that have records, by hops over the index. */
  private async topics(): Promise<string[]> {
    const topics: string[] = [];
    for (let last = ''; ; last = topics.at(-1)!) {
      const [row] = await this.db.query<{ topic: string | null }>(
        `SELECT MIN(topic) AS topic FROM ${this.tables.log} WHERE topic > ?`,
        [last],
      );
      if (!row || row.topic === null) return topics;
      topics.push(row.topic);
    }
  }

  private async compact(topic: string): Promise<void> {
    const rows = await this.db.query<{ n: number; event_key: string }>(
      `SELECT n, event_key FROM ${this.tables.log} WHERE topic = ? ORDER BY n DESC`,
      [topic],
    );
    const seen = new Set<string>();
    const superseded: number[] = [];
    for (const { n, event_key } of rows) {
      if (seen.has(event_key)) superseded.push(n);
      else seen.add(event_key);
    }
    for (let from = 0; from < superseded.length; from += AT_ONCE) {
      const some = superseded.slice(from, from + AT_ONCE);
      await this.db.transaction((tx) =>
        tx.execute(`DELETE FROM ${this.tables.log} WHERE n IN (${some.map(() => '?').join(', ')})`, some),
      );
    }
  }

  private async expire(topic: string): Promise<void> {
    const { log } = this.tables;
    const [kept] = await this.db.query<{ n: number }>(
      `SELECT n FROM ${log} WHERE topic = ? ORDER BY n DESC LIMIT 1 OFFSET ${this.retention.keepRecords}`,
      [topic],
    );
    if (!kept) return;
    const upTo = Math.min(kept.n, await this.handledUpTo(topic));
    const before = toDbTime(new Date(this.clock.now().getTime() - this.retention.keepMs));
    for (;;) {
      const old = await this.db.query<{ n: number; created_at: string }>(
        `SELECT n, created_at FROM ${log} WHERE topic = ? AND n <= ? ORDER BY n LIMIT ${AT_ONCE}`,
        [topic, upTo],
      );
      const last = old.filter((row) => row.created_at < before).at(-1);
      if (!last) return;
      await this.db.transaction((tx) => tx.execute(`DELETE FROM ${log} WHERE topic = ? AND n <= ?`, [topic, last.n]));
      if (old.length < AT_ONCE) return;
    }
  }

  private async handledUpTo(topic: string): Promise<number> {
    let upTo = Number.MAX_SAFE_INTEGER;
    for (const group of this.groupsOf(topic)) {
      const [row] = await this.db.query<{ n: number }>(
        `SELECT n FROM ${this.tables.positions} WHERE grp = ? AND topic = ?`,
        [group, topic],
      );
      upTo = Math.min(upTo, row?.n ?? 0);
    }
    return upTo;
  }
}
