import type { PoolConnection } from 'mysql2';
import { insertOf, selectByIdsSql, sortedIds, type UpsertClause } from '../bulk';
import type { Row, SqlValue, Tx } from '../database';
import { isInfrastructureError } from '../errors';
import { TransactionState } from '../transaction-state';
import { askTogether, type Changed } from './connection';
import { filled, tuples } from './literal';

const ROWS_AT_ONCE = 1000;
const IDS_AT_ONCE = 1000;

/**
 * One of several statements that went together was refused, or the work failed while some had not gone yet: where that came from is not known,
 * nor what the work would have done about it. It is done again one by one.
 */
export class Unproven extends Error {
  constructor(cause: unknown) {
    super('statements that went together must go one by one', { cause });
  }
}

/**
 * A transaction on one connection of the pool. Rows to be written, of which the server has nothing to tell but that they are, are kept until
 * the next statement that has an answer, or the commit, and go with it in one request, in their order: a way to the server and back is most of
 * what a small statement costs. `oneByOne`: each goes at once, and what is thrown is thrown where it belongs.
 */
export class MysqlTx extends TransactionState implements Tx {
  readonly dialect = 'mysql';
  private doom: { readonly error: unknown } | null = null;
  private kept: string[] = [];
  private keptBytes = 0;
  /** The rows that were to be locked ahead: `place` among what is kept, until they are there. What is written may change them: it makes them unknown. */
  private ahead: { readonly sql: string; readonly place: number; rows: Row[] | null } | null = null;
  private readonly last: { readonly sql: string; readonly onCommitted: (rows: Row[]) => void }[] = [];

  constructor(
    private readonly connection: PoolConnection,
    /** The most bytes that one request may have. */
    private readonly packetBytes: number,
    private readonly oneByOne: boolean,
  ) {
    super();
  }

  /**
   * The error that ended the transaction on the server (a deadlock rolls everything back), or null. A work that swallowed it would go
   * on outside any transaction; so every later statement throws it again, and there is no commit.
   */
  get doomedBy(): { readonly error: unknown } | null {
    return this.doom;
  }

  /** Whether rows were written that have not gone yet. */
  get hasUnsent(): boolean {
    return this.kept.length > 0;
  }

  /** All that goes ahead of the commit, in one request with it. */
  get withCommit(): readonly string[] {
    return this.last.length === 0 ? this.kept : [...this.kept, ...this.last.map(({ sql }) => sql)];
  }

  /** The transaction is committed; `answers`: to `withCommit`. */
  committed(answers: readonly unknown[]): void {
    for (const [i, { onCommitted }] of this.last.entries()) onCommitted(answers[this.kept.length + i] as Row[]);
    this.runCallbacks();
  }

  askLast(sql: string, onCommitted: (rows: Row[]) => void): void {
    this.refuseWhenOver();
    // Who asks so can ask afterwards as well.
    if (!this.oneByOne) this.last.push({ sql: oneStatement(sql), onCommitted });
  }

  async query<R = Row>(sql: string, params: readonly SqlValue[] = []): Promise<R[]> {
    return (await this.ask(sql, params)) as R[];
  }

  async execute(sql: string, params: readonly SqlValue[] = []): Promise<{ affected: number; insertId: number }> {
    this.ahead = null;
    const { affectedRows, insertId } = (await this.ask(sql, params)) as Changed;
    return { affected: affectedRows, insertId };
  }

  async insertMany(table: string, columns: readonly string[], rows: readonly (readonly SqlValue[])[]): Promise<void> {
    this.ahead = null;
    const parts = this.parts(rows);
    if (parts.length <= 1) return this.keepParts(table, columns, rows, parts);
    // In several statements: a duplicate key in a later one must undo the earlier, as it does where there is only one.
    await this.ask('SAVEPOINT bulk', []);
    try {
      for (const part of parts) await this.send(insertOf('mysql', table, columns, tuples(rows, part, columns.length)));
    } catch (error) {
      if (this.doom === null) await this.ask('ROLLBACK TO SAVEPOINT bulk', []);
      throw error;
    }
    await this.ask('RELEASE SAVEPOINT bulk', []);
  }

  async upsertMany(
    table: string,
    columns: readonly string[],
    rows: readonly (readonly SqlValue[])[],
    conflict: readonly string[],
    update: readonly string[],
  ): Promise<void> {
    this.ahead = null;
    await this.keepParts(table, columns, rows, this.parts(rows), { conflict, update });
  }

  async lock<R = Row>(
    table: string,
    idColumn: string,
    ids: readonly string[],
    columns?: readonly string[],
  ): Promise<R[]> {
    const sorted = sortedIds(ids);
    const rows: R[] = [];
    for (let i = 0; i < sorted.length; i += IDS_AT_ONCE) {
      const sql = lockSql(table, idColumn, sorted.slice(i, i + IDS_AT_ONCE), columns);
      const known = this.ahead?.sql === sql ? this.ahead.rows : null;
      this.ahead = null;
      for (const row of known ?? ((await this.send(sql)) as Row[])) rows.push(row as R);
    }
    return rows;
  }

  lockAhead(table: string, idColumn: string, ids: readonly string[], columns?: readonly string[]): void {
    this.refuseWhenOver();
    if (this.oneByOne || ids.length === 0 || ids.length > IDS_AT_ONCE) return;
    const sql = lockSql(table, idColumn, sortedIds(ids), columns);
    if (this.keptBytes + mostBytes(sql) > this.packetBytes) return;
    this.ahead = { sql, place: this.kept.length, rows: null };
    this.kept.push(sql);
    this.keptBytes += mostBytes(sql);
  }

  private async keepParts(
    table: string,
    columns: readonly string[],
    rows: readonly (readonly SqlValue[])[],
    parts: readonly { from: number; to: number }[],
    upsert?: UpsertClause,
  ): Promise<void> {
    for (const part of parts)
      await this.keep(insertOf('mysql', table, columns, tuples(rows, part, columns.length), upsert));
  }

  /** Cuts rows into statements that fit a packet, escaped and encoded. */
  private parts(rows: readonly (readonly SqlValue[])[]): { from: number; to: number }[] {
    const parts: { from: number; to: number }[] = [];
    let from = 0;
    let bytes = 0;
    for (let i = 0; i < rows.length; i++) {
      let size = 0;
      // A UTF-16 unit takes at most three bytes of UTF-8; an escaped ASCII character two.
      for (const value of rows[i]!)
        size +=
          typeof value === 'string' ? value.length * 3 + 4 : value instanceof Uint8Array ? value.length * 2 + 5 : 26;
      if (i > from && (i - from >= ROWS_AT_ONCE || bytes + size > this.packetBytes)) {
        parts.push({ from, to: i });
        from = i;
        bytes = 0;
      }
      bytes += size;
    }
    if (rows.length > from) parts.push({ from, to: rows.length });
    return parts;
  }

  private async keep(sql: string): Promise<void> {
    if (this.oneByOne) return void (await this.send(sql));
    this.refuseWhenOver();
    const bytes = mostBytes(sql);
    // Two requests, where it is too much for one.
    if (this.keptBytes + bytes > this.packetBytes && this.kept.length > 0) await this.send('DO 0');
    this.kept.push(sql);
    this.keptBytes += bytes;
  }

  private ask(sql: string, params: readonly SqlValue[]): Promise<unknown> {
    return this.send(params.length === 0 ? oneStatement(sql) : filled(oneStatement(sql), params));
  }

  /** Sends what was kept and then this, whose answer it answers. */
  private async send(sql: string): Promise<unknown> {
    this.refuseWhenOver();
    const ahead = this.kept;
    const isTooMuch = ahead.length > 0 && this.keptBytes + mostBytes(sql) > this.packetBytes;
    this.kept = [];
    this.keptBytes = 0;
    try {
      const before = isTooMuch ? await askTogether(this.connection, ahead) : [];
      const answers = await askTogether(this.connection, isTooMuch ? [sql] : [...ahead, sql]);
      if (this.ahead !== null) this.ahead.rows ??= (isTooMuch ? before : answers)[this.ahead.place] as Row[];
      return answers.at(-1);
    } catch (error) {
      if (isInfrastructureError(error)) this.doom = { error };
      else if (ahead.length > 0) this.doom = { error: new Unproven(error) };
      throw this.doom?.error ?? error;
    }
  }

  private refuseWhenOver(): void {
    this.refuseWhenEnded();
    if (this.doom !== null) throw this.doom.error;
  }
}

/** Locks and answers the rows with these ids, in their order. */
const lockSql = (table: string, idColumn: string, ids: readonly string[], columns?: readonly string[]): string =>
  filled(`${selectByIdsSql(table, idColumn, ids.length, columns)} FOR UPDATE`, ids);

/** Requests may hold several statements; one that was asked for is one. */
function oneStatement(sql: string): string {
  if (sql.includes(';')) throw new TypeError('a statement holds no semicolon outside of its values');
  return sql;
}

/** A UTF-16 unit takes at most three bytes of UTF-8. */
const mostBytes = (sql: string): number => sql.length * 3;
