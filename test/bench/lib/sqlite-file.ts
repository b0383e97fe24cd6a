import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import type { Asked } from './stored';

export const LOG = 'suite_bus_log';
export const INBOUND = 'channel.inbound.v1';
export const EVENTS = 'inbox.events.v1';

/** The suite's file, opened beside the suite. */
export class SqliteFile implements Asked {
  private readonly native: DatabaseSyncInstance;

  constructor(path: string, readOnly: boolean) {
    this.native = new DatabaseSync(path, { readOnly, timeout: 5_000 });
    if (!readOnly) this.native.exec('PRAGMA synchronous = FULL');
  }

  query<R>(sql: string, values: readonly string[] = []): Promise<R[]> {
    return Promise.resolve(this.all<R>(sql, values));
  }

  all<R>(sql: string, values: readonly string[] = []): R[] {
    return this.native.prepare(sql).all(...values) as R[];
  }

  /** Lays records into a topic of the log, as a publisher of the suite would; answers the position of the last. */
  add(topic: string, records: readonly { key: string; id: string; value: string }[], now: string): number {
    const insert = this.native.prepare(
      `INSERT INTO ${LOG} (topic, event_key, id, value, created_at) VALUES (?, ?, ?, ?, ?)`,
    );
    let last = 0;
    this.native.exec('BEGIN IMMEDIATE');
    for (const { key, id, value } of records) last = Number(insert.run(topic, key, id, value, now).lastInsertRowid);
    this.native.exec('COMMIT');
    return last;
  }

  /** How far the inbox has handled its topic; 0 before it began. */
  position(): number {
    const row = this.native
      .prepare("SELECT n FROM suite_bus_positions WHERE grp = 'inbox' AND topic = ?")
      .get(INBOUND) as { n: number } | undefined;
    return Number(row?.n ?? 0);
  }

  /** How many records the inbox has handled beyond its position: it takes those first that have waited longest. */
  ahead(): number {
    const row = this.native
      .prepare("SELECT ahead FROM suite_bus_positions WHERE grp = 'inbox' AND topic = ?")
      .get(INBOUND) as { ahead: string | null } | undefined;
    return row?.ahead ? (JSON.parse(row.ahead) as number[]).length : 0;
  }

  /** Dates a topic's records after a position back, as if nothing had happened since; answers the position of the last. */
  ageSince(topic: string, after: number, to: string): number {
    this.native.prepare(`UPDATE ${LOG} SET created_at = ? WHERE topic = ? AND n > ?`).run(to, topic, after);
    const row = this.native.prepare(`SELECT MAX(n) AS n FROM ${LOG} WHERE topic = ?`).get(topic) as {
      n: number | null;
    };
    return Number(row.n ?? 0);
  }

  close(): void {
    this.native.close();
  }
}
