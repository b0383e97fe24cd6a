import type { Dialect } from './database';

/**
 * Column types that mean the same in both dialects. `id`: 26 letters; `key43`: base64url SHA-256; `str(n)`: n characters, compared
 * byte by byte; `text`: up to 16 MB (JSON too, which is never queried into); `int`, `big`: below 2^53; `time`: UTC milliseconds.
 */
export type ColumnType = 'id' | 'key43' | 'text' | 'int' | 'big' | 'bool' | 'time' | `str(${number})`;

export interface Column {
  readonly type: ColumnType;
  readonly nullable?: boolean;
  /** Counts up by itself; must be the primary key. */
  readonly auto?: boolean;
  readonly default?: string | number;
}

export interface Table {
  readonly name: string;
  readonly columns: Readonly<Record<string, Column>>;
  readonly primary: readonly string[];
  readonly unique?: readonly (readonly string[])[];
  readonly index?: readonly (readonly string[])[];
}

function typeIn(dialect: Dialect, type: ColumnType): string {
  const length = /^str\((\d+)\)$/.exec(type)?.[1];
  if (dialect === 'sqlite') {
    if (length !== undefined) return `varchar(${length})`;
    return {
      id: 'char(26)',
      key43: 'char(43)',
      text: 'text',
      int: 'integer',
      big: 'integer',
      bool: 'integer',
      time: 'datetime(3)',
    }[type as 'id'];
  }
  if (length !== undefined) return `varchar(${length})`;
  return {
    id: 'char(26)',
    key43: 'char(43)',
    text: 'longtext',
    int: 'int',
    big: 'bigint',
    bool: 'tinyint',
    time: 'datetime(3)',
  }[type as 'id'];
}

function columnIn(dialect: Dialect, name: string, column: Column): string {
  if (column.auto)
    return dialect === 'sqlite'
      ? `${name} integer PRIMARY KEY AUTOINCREMENT`
      : `${name} bigint NOT NULL AUTO_INCREMENT PRIMARY KEY`;
  const parts = [name, typeIn(dialect, column.type), column.nullable ? 'NULL' : 'NOT NULL'];
  if (column.default !== undefined)
    parts.push(`DEFAULT ${typeof column.default === 'number' ? column.default : `'${column.default}'`}`);
  return parts.join(' ');
}

/** The name under which an index is made. */
export const indexName = (table: string, kind: 'u' | 'i', columns: readonly string[]): string =>
  `${kind}_${table}_${columns.join('_')}`.slice(0, 64);

/** The statements that create a table and its indexes in one dialect. */
export function createTable(dialect: Dialect, table: Table): string[] {
  const lines = Object.entries(table.columns).map(([name, column]) => columnIn(dialect, name, column));
  const auto = Object.values(table.columns).some((column) => column.auto);
  if (!auto) lines.push(`PRIMARY KEY (${table.primary.join(', ')})`);
  const tail = dialect === 'mysql' ? ' ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin' : '';
  const statements = [`CREATE TABLE ${table.name} (\n  ${lines.join(',\n  ')}\n)${tail}`];
  for (const columns of table.unique ?? [])
    statements.push(
      `CREATE UNIQUE INDEX ${indexName(table.name, 'u', columns)} ON ${table.name} (${columns.join(', ')})`,
    );
  for (const columns of table.index ?? [])
    statements.push(`CREATE INDEX ${indexName(table.name, 'i', columns)} ON ${table.name} (${columns.join(', ')})`);
  return statements;
}

/** A schema step that creates tables alike in both dialects. */
export function createTables(id: string, tables: readonly Table[]): { id: string; up: Record<Dialect, string[]> } {
  const inDialect = (dialect: Dialect): string[] => tables.flatMap((table) => createTable(dialect, table));
  return { id, up: { sqlite: inDialect('sqlite'), mysql: inDialect('mysql') } };
}

/** A schema step that gives a table of an earlier step one more index. */
export function createIndex(
  id: string,
  table: Pick<Table, 'name'>,
  columns: readonly string[],
): { id: string; up: Record<Dialect, string[]> } {
  const up = [`CREATE INDEX ${indexName(table.name, 'i', columns)} ON ${table.name} (${columns.join(', ')})`];
  return { id, up: { sqlite: up, mysql: up } };
}

/** A schema step that takes an index of an earlier step away. */
export function dropIndex(
  id: string,
  table: Pick<Table, 'name'>,
  columns: readonly string[],
): { id: string; up: Record<Dialect, string[]> } {
  const name = indexName(table.name, 'i', columns);
  return { id, up: { sqlite: [`DROP INDEX ${name}`], mysql: [`DROP INDEX ${name} ON ${table.name}`] } };
}

/** A schema step that gives an index of an earlier step more columns behind its own, under its old name: who asks for it by that goes on. */
export function extendIndex(
  id: string,
  table: Pick<Table, 'name'>,
  columns: readonly string[],
  more: readonly string[],
): { id: string; up: Record<Dialect, string[]> } {
  const name = indexName(table.name, 'i', columns);
  const all = [...columns, ...more].join(', ');
  return {
    id,
    up: {
      sqlite: [`DROP INDEX ${name}`, `CREATE INDEX ${name} ON ${table.name} (${all})`],
      // In one statement: at no time is there none.
      mysql: [`ALTER TABLE ${table.name} DROP INDEX ${name}, ADD INDEX ${name} (${all})`],
    },
  };
}
