import * as mysql2 from 'mysql2';
import type { Pool, PoolConnection, PoolOptions } from 'mysql2';
import { DataSource, type DataSourceOptions } from 'typeorm';
import type { SqlValue } from '../database';
import { QuietLogger } from '../quiet-logger';

/**
 * What every connection is told first, in words that MariaDB and MySQL 8 share. Strict, because an over-long text must fail, not be cut;
 * READ COMMITTED, because the default takes gap locks; a short wait for locks, because the work is repeated anyway; a short life when
 * nothing is asked, because a transaction whose client the network has forgotten, or that is held still, holds its locks for so long. MariaDB
 * tells connections that are idle within a transaction from others; MySQL reads the words for it as a comment.
 */
const SESSION = [
  `SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY'`,
  `SET SESSION time_zone = '+00:00'`,
  `SET SESSION innodb_lock_wait_timeout = 10`,
  `SET SESSION wait_timeout = 60 /*M!100300 , idle_transaction_timeout = 10 */`,
  `SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED`,
];
const READ_ONLY = `SET SESSION TRANSACTION READ ONLY`;

/** mysql2 as TypeORM's `driver`: the same module, but its pools set up each connection before anyone gets it. */
function driver(readonly: boolean): object {
  const statements = readonly ? [...SESSION, READ_ONLY] : SESSION;
  return {
    ...mysql2,
    createPool(options: PoolOptions): Pool {
      const pool = mysql2.createPool(options);
      // Commands on a connection run in order: these precede whatever it was opened for. One that fails ends the connection.
      pool.on('connection', (connection: PoolConnection) => {
        for (const sql of statements) {
          connection.query(sql, (error: Error | null) => {
            if (error !== null) connection.destroy();
          });
        }
      });
      return pool;
    },
  };
}

/** What TypeORM asks is filled in by the driver. Our own statements come complete, and are not searched for question marks letter by letter. */
function filledByDriver(sql: string, values: unknown, timezone?: string): string {
  const isComplete = values === undefined || (Array.isArray(values) && values.length === 0);
  return isComplete ? sql : mysql2.format(sql, values as SqlValue[], false, timezone);
}

/** TypeORM's options for a `mysql://user:password@host:port/database` URL. */
export function mysqlOptions(url: string, readonly: boolean, connections: number): DataSourceOptions {
  return {
    type: 'mysql',
    url,
    driver: driver(readonly),
    charset: 'utf8mb4_bin',
    timezone: 'Z',
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: false,
    connectTimeout: 10_000,
    logger: new QuietLogger(),
    extra: {
      connectionLimit: connections,
      // Sums come back as numbers, as they do from SQLite.
      decimalNumbers: true,
      enableKeepAlive: true,
      queryFormat: filledByDriver,
      // What a transaction writes goes in few requests (`MysqlTx`).
      multipleStatements: !readonly,
    },
  };
}

export async function openMysql(url: string, readonly: boolean, connections: number): Promise<DataSource> {
  return new DataSource(mysqlOptions(url, readonly, connections)).initialize();
}

/** The pool that a data source owns. */
export function poolOf(source: DataSource): Pool {
  return (source as unknown as { driver: { pool: Pool } }).driver.pool;
}
