import type { PoolConnection } from 'mysql2';
import { insertOf, selectByIdsSql, sortedIds, type UpsertClause } from '../bulk';
import type { Row, SqlValue, Tx } from '../database';
import { isInfrastructureError } from '../errors';
import { TransactionState } from '../transaction-state';
import { ask, type Changed } from './connection';
import { tuples } from './literal';

const ROWS_AT_ONCE = 1000;
const IDS_AT_ONCE = 1000;

/** A transaction on one connection of the pool. */
export class MysqlTx extends TransactionState implements Tx {
  readonly dialect = 'mysql';
  private doom: { readonly error: unknown } | null = null;

  constructor(
    private readonly connection: PoolConnection,
    /** The most bytes that one statement may have. */
    private readonly packetBytes: number,
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

  async query<R = Row>(sql: string, params: readonly SqlValue[] = []): Promise<R[]> {
    return (await this.ask(sql, params)) as R[];
  }

  async execute(sql: string, params: readonly SqlValue[] = []): Promise<{ affected: number; insertId: number }> {
    const { affectedRows, insertId } = (await this.ask(sql, params)) as Changed;
    return { affected: affectedRows, insertId };
  }

  async insertMany(table: string, columns: readonly string[], rows: readonly (readonly SqlValue[])[]): Promise<void> {
    const parts = this.parts(rows);
    if (parts.length <= 1) return this.insertParts(table, columns, rows, parts);
    // In several statements: a duplicate key in a later one must undo the earlier, as it does where there is only one.
    await this.ask('SAVEPOINT bulk', []);
    try {
      await this.insertParts(table, columns, rows, parts);
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
    await this.insertParts(table, columns, rows, this.parts(rows), { conflict, update });
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
      const part = sorted.slice(i, i + IDS_AT_ONCE);
      const found = await this.query<R>(`${selectByIdsSql(table, idColumn, part.length, columns)} FOR UPDATE`, part);
      for (const row of found) rows.push(row);
    }
    return rows;
  }

  private async insertParts(
    table: string,
    columns: readonly string[],
    rows: readonly (readonly SqlValue[])[],
    parts: readonly { from: number; to: number }[],
    upsert?: UpsertClause,
  ): Promise<void> {
    for (const part of parts)
      await this.ask(insertOf('mysql', table, columns, tuples(rows, part, columns.length), upsert), []);
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

  private async ask(sql: string, params: readonly SqlValue[]): Promise<unknown> {
    this.refuseWhenEnded();
    if (this.doom !== null) throw this.doom.error;
    try {
      return await ask(this.connection, sql, params);
    } catch (error) {
      if (isInfrastructureError(error)) this.doom = { error };
      throw error;
    }
  }
}
