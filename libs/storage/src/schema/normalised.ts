import type { Database } from '../database';

export interface NormalisedColumn {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly default: string | null;
}

/** A table in words that do not depend on the database it was read from. */
export interface NormalisedTable {
  readonly name: string;
  readonly columns: readonly NormalisedColumn[];
  readonly primary: readonly string[];
  readonly auto: boolean;
  readonly indexes: readonly { readonly name: string; readonly unique: boolean; readonly columns: readonly string[] }[];
}

/** SQLite has one integer and one text. */
const SAME_TYPE: Readonly<Record<string, string>> = {
  int: 'integer',
  bigint: 'integer',
  tinyint: 'integer',
  longtext: 'text',
};
const OWN = /^(sqlite_|typeorm_|huiliu_migration)/;

/** Reads back what is really there: tables in the order of their names, columns in their own. */
export async function normalisedSchema(database: Database): Promise<NormalisedTable[]> {
  const tables = database.dialect === 'sqlite' ? await ofSqlite(database) : await ofMysql(database);
  return tables
    .filter((table) => !OWN.test(table.name))
    .map((table) => ({ ...table, indexes: [...table.indexes].sort(byName) }))
    .sort(byName);
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}

function sameType(type: string): string {
  const plain = type.toLowerCase().replace(/^(int|bigint|tinyint)\(\d+\)$/, '$1');
  return SAME_TYPE[plain] ?? plain;
}

/** `'0'`, `0` and `NULL` as each database writes them. */
function sameDefault(value: string | null): string | null {
  if (value === null || value.toUpperCase() === 'NULL') return null;
  return value.replace(/^'(.*)'$/, '$1');
}

async function ofSqlite(database: Database): Promise<NormalisedTable[]> {
  const tables = await database.query<{ name: string; sql: string }>(
    `SELECT name, sql FROM sqlite_master WHERE type = 'table'`,
  );
  return Promise.all(
    tables.map(async ({ name, sql }) => {
      const columns = await database.query<{
        name: string;
        type: string;
        notnull: number;
        dflt_value: string | null;
        pk: number;
      }>(`SELECT * FROM pragma_table_info(?) ORDER BY cid`, [name]);
      const indexes = await database.query<{ name: string; unique: number; origin: string }>(
        `SELECT * FROM pragma_index_list(?)`,
        [name],
      );
      return {
        name,
        columns: columns.map((column) => ({
          name: column.name,
          type: sameType(column.type),
          nullable: column.notnull === 0 && column.pk === 0,
          default: sameDefault(column.dflt_value),
        })),
        primary: columns
          .filter((column) => column.pk > 0)
          .sort((a, b) => a.pk - b.pk)
          .map((column) => column.name),
        auto: /AUTOINCREMENT/i.test(sql),
        indexes: await Promise.all(
          indexes
            .filter((index) => index.origin === 'c')
            .map(async (index) => {
              const parts = await database.query<{ name: string }>(
                `SELECT name FROM pragma_index_info(?) ORDER BY seqno`,
                [index.name],
              );
              return { name: index.name, unique: index.unique === 1, columns: parts.map((part) => part.name) };
            }),
        ),
      };
    }),
  );
}

interface MysqlColumn {
  readonly t: string;
  readonly name: string;
  readonly type: string;
  readonly nullable: string;
  readonly dflt: string | null;
  readonly extra: string;
}

async function ofMysql(database: Database): Promise<NormalisedTable[]> {
  const columns = await database.query<MysqlColumn>(
    `SELECT table_name AS t, column_name AS name, column_type AS type, is_nullable AS nullable, column_default AS dflt, extra AS extra
     FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position`,
  );
  const parts = await database.query<{ t: string; name: string; open: number; col: string }>(
    `SELECT table_name AS t, index_name AS name, non_unique AS open, column_name AS col
     FROM information_schema.statistics WHERE table_schema = DATABASE() ORDER BY table_name, index_name, seq_in_index`,
  );
  return [...new Set(columns.map((column) => column.t))].map((name) => {
    const own = columns.filter((column) => column.t === name);
    const indexed = parts.filter((part) => part.t === name);
    const columnsOf = (index: string): string[] =>
      indexed.filter((part) => part.name === index).map((part) => part.col);
    return {
      name,
      columns: own.map((column) => ({
        name: column.name,
        type: sameType(column.type),
        nullable: column.nullable === 'YES',
        default: sameDefault(column.dflt),
      })),
      primary: columnsOf('PRIMARY'),
      auto: own.some((column) => column.extra.includes('auto_increment')),
      indexes: [...new Set(indexed.map((part) => part.name))]
        .filter((index) => index !== 'PRIMARY')
        .map((index) => ({
          name: index,
          unique: indexed.find((part) => part.name === index)!.open === 0,
          columns: columnsOf(index),
        })),
    };
  });
}
