/** What the two database kinds have in common; SQL here keeps to the subset that SQLite, MySQL 8 and MariaDB share. */
export type Dialect = 'sqlite' | 'mysql';

/** What may be bound to a `?`. Times are bound with `toDbTime`, booleans as 0 and 1, JSON as text. */
export type SqlValue = string | number | null | Uint8Array;
export type Row = Record<string, SqlValue>;

/** Something that answers queries. Times come back as `YYYY-MM-DD HH:MM:SS.mmm` text in UTC: read them with `fromDbTime`. */
export interface Queryable {
  readonly dialect: Dialect;
  query<R = Row>(sql: string, params?: readonly SqlValue[]): Promise<R[]>;
}

/** One write transaction. Never await the network inside: on SQLite every writer of the process waits. */
export interface Tx extends Queryable {
  /** Runs INSERT, UPDATE or DELETE; `insertId` is the auto-increment value where there is one. */
  execute(sql: string, params?: readonly SqlValue[]): Promise<{ affected: number; insertId: number }>;
  /** One multi-row INSERT (several, when it would be too large). A duplicate key throws; see `isDuplicateKey`. */
  insertMany(table: string, columns: readonly string[], rows: readonly (readonly SqlValue[])[]): Promise<void>;
  /** Multi-row upsert on a table's one unique key `conflict`; writes `update` columns of rows that exist. */
  upsertMany(
    table: string,
    columns: readonly string[],
    rows: readonly (readonly SqlValue[])[],
    conflict: readonly string[],
    update: readonly string[],
  ): Promise<void>;
  /**
   * Locks rows until the end of the transaction, sorted by id so that two writers never wait for each other in a circle.
   * Answers the rows found. (SQLite has one writer: nothing to lock.)
   */
  lock<R = Row>(table: string, idColumn: string, ids: readonly string[], columns?: readonly string[]): Promise<R[]>;
  /**
   * What `lock` is going to lock, where that is known already: it goes with the next statement, and `lock` for the very same has its answer
   * then without asking, unless something was written meanwhile. Absent where a statement of its own costs as little.
   */
  lockAhead?(table: string, idColumn: string, ids: readonly string[], columns?: readonly string[]): void;
  /**
   * Asks a question with the commit, as the last thing before it, and hands over the answer once the data is durable, before `afterCommit`. It may
   * go unasked: who needs the answer asks again. Absent where asking afterwards costs as little.
   */
  askLast?(sql: string, onCommitted: (rows: Row[]) => void): void;
  /** Called once the data is durable, in the order registered; never when the transaction fails. Must not throw. */
  afterCommit(callback: () => void): void;
}

/**
 * The process's database. All writes go through `transaction`: on SQLite one write lane (BEGIN IMMEDIATE, works that wait
 * together share one commit), on MySQL READ COMMITTED, repeated after a deadlock or a lock time-out. `work` may therefore run more than
 * once: it must not touch anything outside the transaction but by `afterCommit`.
 */
export abstract class Database implements Queryable {
  abstract readonly dialect: Dialect;
  abstract transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Reads what is committed, on a connection that cannot write. */
  abstract query<R = Row>(sql: string, params?: readonly SqlValue[]): Promise<R[]>;
  /** Takes no new work, waits for what is in hand and closes the connections. */
  abstract close(): Promise<void>;
}
