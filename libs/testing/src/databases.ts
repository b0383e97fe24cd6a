import { randomBytes } from 'node:crypto';
import mysql from 'mysql2/promise';

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** The server that `npm test` started (HUILIU_TEST_MYSQL_URL); without one the tests that need it fail, they are not skipped. */
function serverUrl(): string {
  const url = process.env.HUILIU_TEST_MYSQL_URL;
  if (!url)
    throw new Error(
      'HUILIU_TEST_MYSQL_URL is not set: run `npm test`, or set it to the DATABASE_URL that `npm run services -- up` prints',
    );
  return url;
}

/** A fresh database on a MySQL-compatible server; drop it when the suite has ended. */
export async function createTestDatabase(server = serverUrl()): Promise<TestDatabase> {
  const name = `huiliu_test_${process.pid}_${randomBytes(6).toString('hex')}`;
  await execute(server, `CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => execute(server, `DROP DATABASE IF EXISTS ${name}`) };
}

async function execute(server: string, sql: string): Promise<void> {
  const connection = await mysql.createConnection({ uri: server, connectTimeout: 10_000 });
  try {
    await connection.query(sql);
  } finally {
    await connection.end();
  }
}
