import path from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import mysql from 'mysql2/promise';

export type Row = Record<string, string | number | null>;

/** Asks the database itself, past the product, past every proxy. */
export interface Rows {
  read<R extends Row = Row>(sql: string): Promise<R[]>;
  /** Changes it behind the product's back. */
  execute(sql: string): Promise<void>;
  /** Names of all tables that end so. */
  tables(ending: string): Promise<string[]>;
}

/** @param url the server's own address, not a proxy's */
export function mysqlRows(url: string): Rows {
  const ask = async (sql: string): Promise<Row[]> => {
    // A connection for each: the server may have been restarted since the last.
    const connection = await mysql.createConnection({ uri: url, connectTimeout: 10_000, dateStrings: true });
    try {
      return (await connection.query(sql))[0] as Row[];
    } finally {
      connection.destroy();
    }
  };
  return {
    read: async <R extends Row>(sql: string) => (await ask(sql)) as R[],
    execute: async (sql) => void (await ask(sql)),
    tables: async (ending) =>
      (await ask('SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()'))
        .map((row) => String(row.name))
        .filter((name) => name.endsWith(ending)),
  };
}

/** Reads beside the process that writes: SQLite's log lets it. */
export function sqliteRows(dataFolder: string): Rows {
  const file = path.join(dataFolder, 'huiliu.sqlite');
  const ask = (sql: string): Row[] => {
    const connection = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
    try {
      return connection.prepare(sql).all() as Row[];
    } finally {
      connection.close();
    }
  };
  return {
    read: async <R extends Row>(sql: string) => ask(sql) as R[],
    execute: (sql) => {
      const connection = new DatabaseSync(file, { timeout: 10_000 });
      try {
        connection.exec(sql);
      } finally {
        connection.close();
      }
      return Promise.resolve();
    },
    tables: async (ending) =>
      ask("SELECT name FROM sqlite_master WHERE type = 'table'")
        .map((row) => String(row.name))
        .filter((name) => name.endsWith(ending)),
  };
}
