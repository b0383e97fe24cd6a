import { flatten, insertSql, selectByIdsSql, sortedIds, type UpsertClause } from '../bulk';
import type { Row, SqlValue, Tx } from '../database';
import { TransactionState } from '../transaction-state';
import type { SqliteConnection } from './connection';

/** Rows per INSERT: few sizes, so that their prepared statements are kept; larger ones gain nothing. */
const SIZES = [32, 8, 1];
const IDS_AT_ONCE = 200;

/** One work's view of the physical transaction. The driver is synchronous; promises are what the port asks for. */
export class SqliteTx extends TransactionState implements Tx {
  readonly dialect = 'sqlite';

  constructor(private readonly connection: SqliteConnection) {
    super();
  }

  async query<R = Row>(sql: string, params: readonly SqlValue[] = []): Promise<R[]> {
    this.refuseWhenEnded();
    return this.connection.all<R>(sql, params);
  }

  async execute(sql: string, params: readonly SqlValue[] = []): Promise<{ affected: number; insertId: number }> {
    this.refuseWhenEnded();
    const { changes, lastInsertRowid } = this.connection.run(sql, params);
    return { affected: changes, insertId: Number(lastInsertRowid) };
  }

  async insertMany(table: string, columns: readonly string[], rows: readonly (readonly SqlValue[])[]): Promise<void> {
    this.refuseWhenEnded();
    if (rows.length === 0 || SIZES.includes(rows.length)) return this.insertInParts(table, columns, rows);
    // In several statements: a duplicate key in a later one must undo the earlier, as it does where there is only one.
    this.connection.run('SAVEPOINT bulk');
    try {
      this.insertInParts(table, columns, rows);
    } catch (error) {
      if (this.connection.inTransaction) {
        this.connection.run('ROLLBACK TO bulk');
        this.connection.run('RELEASE bulk');
      }
      throw error;
    }
    this.connection.run('RELEASE bulk');
  }

  async upsertMany(
    table: string,
    columns: readonly string[],
    rows: readonly (readonly SqlValue[])[],
    conflict: readonly string[],
    update: readonly string[],
  ): Promise<void> {
    this.refuseWhenEnded();
    this.insertInParts(table, columns, rows, { conflict, update });
  }

  async lock<R = Row>(
    table: string,
    idColumn: string,
    ids: readonly string[],
    columns?: readonly string[],
  ): Promise<R[]> {
    this.refuseWhenEnded();
    const sorted = sortedIds(ids);
    const rows: R[] = [];
    for (let i = 0; i < sorted.length; i += IDS_AT_ONCE) {
      const part = sorted.slice(i, i + IDS_AT_ONCE);
      for (const row of this.connection.all<R>(selectByIdsSql(table, idColumn, part.length, columns), part))
        rows.push(row);
    }
    return rows;
  }

  private insertInParts(
    table: string,
    columns: readonly string[],
    rows: readonly (readonly SqlValue[])[],
    upsert?: UpsertClause,
  ): void {
    let from = 0;
    for (const size of SIZES) {
      if (rows.length - from < size) continue;
      const sql = insertSql('sqlite', table, columns, size, upsert);
      for (; rows.length - from >= size; from += size) {
        this.connection.run(sql, flatten(rows, from, from + size, columns.length));
      }
    }
  }
}
