import {
  fromDbTime,
  toDbTime,
  type Clock,
  type Database,
  type Outbox,
  type OutboxRecord,
  type Row,
  type SqlValue,
  type Tx,
} from '@huiliu/storage';
import { Recent, type LogRecord, type Reading } from './recent';

/** Bytes of records that are read from the table at once, or one record. */
const READ_BYTES = 4 * 1024 * 1024;
/** Rows of one INSERT (SQLite numbers them one after the other): few sizes, so that their prepared statements are kept. */
const SIZES = [32, 8, 1];

/**
 * The table that is the topics of the embedded bus. What a transaction adds is handed to the readers by its `afterCommit`,
 * in the order of the commits; who is behind reads the table.
 */
export class Log {
  private readonly recent = new Map<string, Recent>();
  private readonly waiting = new Map<string, Set<() => void>>();
  private openedAt: number | null = null;
  private opening: Promise<void> | null = null;

  constructor(
    private readonly db: Database,
    private readonly table: string,
    private readonly clock: Clock,
  ) {}

  /** From now on records are handed on in memory, too. */
  open(): Promise<void> {
    this.opening ??= this.db
      .transaction(async (tx) => {
        const last = await this.lastIn(tx, null);
        tx.afterCommit(() => {
          this.openedAt = last;
        });
      })
      .catch((error: unknown) => {
        this.opening = null;
        throw error;
      });
    return this.opening;
  }

  async add(tx: Tx, records: readonly OutboxRecord[]): Promise<void> {
    const now = this.clock.now();
    const created = toDbTime(now);
    for (let from = 0; from < records.length;) {
      const some = records.slice(from, from + SIZES.find((size) => size <= records.length - from)!);
      from += some.length;
      const params: SqlValue[] = [];
      for (const record of some) params.push(record.topic, record.key, record.id, record.value, created);
      const { insertId } = await tx.execute(
        `INSERT INTO ${this.table} (topic, event_key, id, value, created_at) VALUES ${some.map(() => '(?, ?, ?, ?, ?)').join(', ')}`,
        params,
      );
      const first = insertId - some.length + 1;
      tx.afterCommit(() => this.append(some, first, now.getTime()));
    }
  }

  /** Follows a topic from a position on. The log is open. */
  follow(topic: string, after: number): LogReader {
    const recent = this.recentOf(topic);
    if (recent === undefined) throw new Error('the log is not open');
    return new LogReader(this, topic, recent, after);
  }

  /** The topic's records after a position: at most `limit`, and at least one where there are any. */
  async read(topic: string, after: number, limit: number): Promise<readonly LogRecord[]> {
    const recent = this.recentOf(topic)?.after(after, limit);
    if (recent) return recent;
    const rows = await this.db.query(
      `SELECT n, event_key, value, created_at FROM ${this.table} WHERE topic = ? AND n > ? AND n <= ? ORDER BY n`,
      [topic, after, await this.lastOfRead(topic, after, limit)],
    );
    return rows.map(toRecord);
  }

  /** Up to where one read goes: by lengths, which lie before the values themselves. They are added up by the database where all have room. */
  private async lastOfRead(topic: string, after: number, limit: number): Promise<number> {
    const some = `SELECT n, octet_length(value) AS bytes FROM ${this.table} WHERE topic = ? AND n > ? ORDER BY n LIMIT ${Math.max(1, limit)}`;
    const [all] = await this.db.query<{ n: number | null; bytes: number | null }>(
      `SELECT MAX(n) AS n, SUM(bytes) AS bytes FROM (${some})`,
      [topic, after],
    );
    if (Number(all?.bytes ?? 0) <= READ_BYTES) return Number(all?.n ?? after);
    const sizes = await this.db.query<{ n: number; bytes: number }>(some, [topic, after]);
    let [last, total] = [after, 0];
    for (const { n, bytes } of sizes) {
      total += Number(bytes);
      if (total > READ_BYTES && last > after) break;
      last = Number(n);
    }
    return last;
  }

  /** Resolves when the topic may have records after a position, or `ends` does. */
  async waitFor(topic: string, after: number, ends: AbortSignal): Promise<void> {
    const last = this.recentOf(topic)?.last ?? -1;
    if (ends.aborted || last > after) return;
    await new Promise<void>((resolve) => {
      const waiting = this.waiting.get(topic) ?? new Set();
      this.waiting.set(topic, waiting);
      const wake = (): void => {
        ends.removeEventListener('abort', wake);
        waiting.delete(wake);
        resolve();
      };
      ends.addEventListener('abort', wake);
      waiting.add(wake);
    });
  }

  /** The last position of a topic; 0 when it is empty. */
  async last(topic: string): Promise<number> {
    return this.lastIn(this.db, topic);
  }

  /** How many of a topic's latest records lie after a position. */
  behind(topic: string, after: number): number {
    return this.recentOf(topic)?.count(after) ?? 0;
  }

  /** Characters of a topic's records that are held in memory. */
  held(topic: string): number {
    return this.recentOf(topic)?.characters ?? 0;
  }

  /** The position before the first record that is not older than `sinceMs` ago, or before the last `atLeast`: whichever is earlier. */
  async positionSince(topic: string, sinceMs: number, atLeast: number): Promise<number> {
    const [nth] = await this.db.query<{ n: number; created_at: string }>(
      `SELECT n, created_at FROM ${this.table} WHERE topic = ? ORDER BY n DESC LIMIT 1 OFFSET ${Math.max(0, atLeast - 1)}`,
      [topic],
    );
    if (!nth) return 0;
    const cutoff = toDbTime(new Date(this.clock.now().getTime() - sinceMs));
    if (nth.created_at < cutoff) return nth.n - 1;
    return this.firstSince(topic, cutoff, nth.n);
  }

  /** Positions grow with time: halves the span until the first record that is not older than the cut-off. */
  private async firstSince(topic: string, cutoff: string, notAfter: number): Promise<number> {
    let low = 0;
    let high = notAfter;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const [row] = await this.db.query<{ n: number; created_at: string }>(
        `SELECT n, created_at FROM ${this.table} WHERE topic = ? AND n > ? ORDER BY n LIMIT 1`,
        [topic, middle],
      );
      if (!row || row.n >= high || row.created_at >= cutoff) high = middle;
      else low = row.n;
    }
    return low;
  }

  private async lastIn(q: Pick<Database, 'query'>, topic: string | null): Promise<number> {
    const rows =
      topic === null
        ? await q.query<{ n: number | null }>(`SELECT MAX(n) AS n FROM ${this.table}`)
        : await q.query<{ n: number | null }>(`SELECT MAX(n) AS n FROM ${this.table} WHERE topic = ?`, [topic]);
    return Number(rows[0]?.n ?? 0);
  }

  private recentOf(topic: string): Recent | undefined {
    if (this.openedAt === null) return undefined;
    let recent = this.recent.get(topic);
    if (!recent) this.recent.set(topic, (recent = new Recent(this.openedAt)));
    return recent;
  }

  private append(records: readonly OutboxRecord[], first: number, timestampMs: number): void {
    const topics = new Set<string>();
    for (const [i, { topic, key, value, envelope }] of records.entries()) {
      topics.add(topic);
      const n = first + i;
      this.recentOf(topic)?.add({ n, offset: String(n), key, value, envelope, timestampMs });
    }
    for (const topic of topics) for (const wake of [...(this.waiting.get(topic) ?? [])]) wake();
  }
}

/** One who reads a topic on. What everyone who follows it was handed is held in memory no longer. */
export class LogReader {
  private readonly reading: Reading;

  constructor(
    private readonly log: Log,
    private readonly topic: string,
    private readonly recent: Recent,
    after: number,
  ) {
    this.reading = { position: after };
    recent.join(this.reading);
  }

  /** What was read goes up to here. */
  get position(): number {
    return this.reading.position;
  }

  /** The next records, at most `limit`; none where there are none yet. */
  async read(limit: number): Promise<readonly LogRecord[]> {
    const { base } = this.recent;
    const records = await this.log.read(this.topic, this.position, limit);
    // Where there are none, nothing lies before what is held: other topics' records do, or what was pruned.
    this.reading.position = Math.max(this.position, records.at(-1)?.n ?? base);
    this.recent.letGo();
    return records;
  }

  /** Resolves when there may be more, or `ends` does. */
  wait(ends: AbortSignal): Promise<void> {
    return this.log.waitFor(this.topic, this.position, ends);
  }

  /** Reads no more. */
  close(): void {
    this.recent.leave(this.reading);
  }
}

/** The outbox of the embedded bus: what a transaction adds is in the topic with its commit. */
export class LogOutbox implements Outbox {
  constructor(private readonly log: Log) {}

  add(tx: Tx, records: readonly OutboxRecord[]): Promise<void> {
    return this.log.add(tx, records);
  }
}

function toRecord(row: Row): LogRecord {
  const n = Number(row.n);
  return {
    n,
    offset: String(n),
    key: String(row.event_key),
    value: String(row.value),
    timestampMs: Date.parse(fromDbTime(String(row.created_at))),
  };
}
