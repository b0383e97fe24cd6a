import type { Dialect, SqlValue } from './database';

export interface UpsertClause {
  readonly conflict: readonly string[];
  readonly update: readonly string[];
}

/** `INSERT INTO t (a, b) VALUES (?, ?), (?, ?)` with so many rows, and what happens to rows that exist. */
export function insertSql(
  dialect: Dialect,
  table: string,
  columns: readonly string[],
  rows: number,
  upsert?: UpsertClause,
): string {
  const tuple = `(${new Array(columns.length).fill('?').join(', ')})`;
  const values = rows === 1 ? tuple : new Array(rows).fill(tuple).join(', ');
  return insertOf(dialect, table, columns, values, upsert);
}

/** The same with the rows as they stand in `values`. */
export function insertOf(
  dialect: Dialect,
  table: string,
  columns: readonly string[],
  values: string,
  upsert?: UpsertClause,
): string {
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${values}${upsert === undefined ? '' : onConflict(dialect, upsert)}`;
}

function onConflict(dialect: Dialect, { conflict, update }: UpsertClause): string {
  if (dialect === 'sqlite') {
    if (update.length === 0) return ` ON CONFLICT (${conflict.join(', ')}) DO NOTHING`;
    return ` ON CONFLICT (${conflict.join(', ')}) DO UPDATE SET ${update.map((column) => `${column} = excluded.${column}`).join(', ')}`;
  }
  // VALUES() is the form that MariaDB and MySQL 8 share.
  const sets =
    update.length === 0 ? [`${conflict[0]} = ${conflict[0]}`] : update.map((column) => `${column} = VALUES(${column})`);
  return ` ON DUPLICATE KEY UPDATE ${sets.join(', ')}`;
}

/** The values of rows in one list, in the order of the placeholders. */
export function flatten(rows: readonly (readonly SqlValue[])[], from: number, to: number, width: number): SqlValue[] {
  const flat = new Array<SqlValue>((to - from) * width);
  let at = 0;
  for (let i = from; i < to; i++) {
    const row = rows[i]!;
    if (row.length !== width) throw new TypeError(`a row has ${row.length} values for ${width} columns`);
    for (let j = 0; j < width; j++) flat[at++] = row[j]!;
  }
  return flat;
}

/** `SELECT … WHERE id IN (…) ORDER BY id` for so many ids. */
export function selectByIdsSql(
  table: string,
  idColumn: string,
  ids: number,
  columns: readonly string[] | undefined,
): string {
  const marks = new Array(ids).fill('?').join(', ');
  return `SELECT ${columns === undefined ? '*' : columns.join(', ')} FROM ${table} WHERE ${idColumn} IN (${marks}) ORDER BY ${idColumn}`;
}

/** Each id once, in the order of their bytes: all writers lock in this order. */
export function sortedIds(ids: readonly string[]): string[] {
  return [...new Set(ids)].sort((a, b) => (a < b ? -1 : 1));
}
