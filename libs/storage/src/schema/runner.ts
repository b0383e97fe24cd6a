import { createHash } from 'node:crypto';
import { DataSource, type DataSourceOptions, type MigrationInterface, type QueryRunner } from 'typeorm';
import type { Dialect } from '../database';
import { isBusy } from '../errors';
import type { SchemaModule, SchemaStep } from '../migrations';
import { mysqlOptions } from '../mysql/options';
import { connectionOf, openFile, sqliteOptions } from '../sqlite/sqlite-database';

/** One table for all modules of a database: a step's name begins with its module's prefix. */
const APPLIED = 'huiliu_migrations';
/** MySQL cannot roll DDL back: how far a step got before its process died is kept here. */
const PROGRESS = 'huiliu_migration_progress';
const LOCK_WAIT_S = 120;
const BUSY_PAUSE_MS = 50;

const STEP_ID = /^(\d{8})-(\d{2})-[a-z0-9-]+$/;
/** Table, column or index is there already; nothing to drop. */
const DONE_BEFORE = new Set([1050, 1060, 1061, 1091]);

export type Location =
  { readonly dialect: 'sqlite'; readonly file: string } | { readonly dialect: 'mysql'; readonly url: string };

type MigrationClass = new () => MigrationInterface;

/** TypeORM orders migrations by the 13 digits that end their names: here the step's day and number. */
function migrationName(prefix: string, step: SchemaStep): string {
  const parts = STEP_ID.exec(step.id);
  if (parts === null)
    throw new Error(`schema step ${prefix}/${step.id}: expected an id like 20261123-01-conversations`);
  return `${prefix} ${step.id} ${parts[1]}${parts[2]}000`;
}

async function applyStep(
  dialect: Dialect,
  runner: QueryRunner,
  name: string,
  statements: readonly string[],
): Promise<void> {
  if (dialect === 'sqlite') {
    for (const sql of statements) await runner.query(sql);
    return;
  }
  const [kept] = (await runner.query(`SELECT done FROM ${PROGRESS} WHERE name = ?`, [name])) as { done: number }[];
  const from = kept?.done ?? 0;
  if (kept === undefined) await runner.query(`INSERT INTO ${PROGRESS} (name, done) VALUES (?, 0)`, [name]);
  for (let i = from; i < statements.length; i++) {
    try {
      await runner.query(statements[i]!);
    } catch (error) {
      // The process may have died between this statement and the note that it was done.
      const resumed = kept !== undefined && i === from;
      if (!resumed || !DONE_BEFORE.has((error as { errno?: number }).errno ?? 0)) throw error;
    }
    await runner.query(`UPDATE ${PROGRESS} SET done = ? WHERE name = ?`, [i + 1, name]);
  }
  await runner.query(`DELETE FROM ${PROGRESS} WHERE name = ?`, [name]);
}

/** TypeORM migration classes of all steps. */
function migrationsOf(dialect: Dialect, modules: readonly SchemaModule[]): MigrationClass[] {
  return modules.flatMap(({ prefix, steps }) =>
    steps.map((step) => {
      const name = migrationName(prefix, step);
      return class implements MigrationInterface {
        readonly name = name;
        up(runner: QueryRunner): Promise<void> {
          return applyStep(dialect, runner, name, step.up[dialect]);
        }
        down(): Promise<void> {
          return Promise.reject(new Error('steps only go forward: write another one'));
        }
      };
    }),
  );
}

/** Applies what is missing, each step once, under a lock that all processes of the database share. Answers the steps applied. */
export async function applySchemas(location: Location, modules: readonly SchemaModule[]): Promise<string[]> {
  const options: DataSourceOptions =
    location.dialect === 'sqlite' ? sqliteOptions(location.file, false) : mysqlOptions(location.url, false, 3);
  const make = (): DataSource =>
    new DataSource({ ...options, migrations: migrationsOf(location.dialect, modules), migrationsTableName: APPLIED });
  if (location.dialect === 'mysql') return withSource(await make().initialize(), underNamedLock);
  const source = await openFile(make, (connection) => {
    connection.pragma('synchronous = FULL');
    connection.pragma('foreign_keys = OFF');
  });
  return withSource(source, underFileLock);
}

async function withSource<T>(source: DataSource, work: (source: DataSource) => Promise<T>): Promise<T> {
  try {
    return await work(source);
  } finally {
    await source.destroy();
  }
}

async function run(source: DataSource): Promise<string[]> {
  const applied = await source.runMigrations({ transaction: 'none' });
  return applied.map((migration) => migration.name);
}

/** SQLite: the write lock of the file, in one transaction over all steps (its DDL can be rolled back). */
async function underFileLock(source: DataSource): Promise<string[]> {
  const connection = connectionOf(source);
  for (let left = (LOCK_WAIT_S * 1000) / BUSY_PAUSE_MS; ; left--) {
    try {
      connection.exec('BEGIN IMMEDIATE');
      break;
    } catch (error) {
      if (left <= 0 || !isBusy(error)) throw error;
      await new Promise<void>((next) => setTimeout(next, BUSY_PAUSE_MS));
    }
  }
  try {
    const applied = await run(source);
    connection.exec('COMMIT');
    return applied;
  } catch (error) {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}

/** MySQL: a named lock, which belongs to a connection and ends with it. */
async function underNamedLock(source: DataSource): Promise<string[]> {
  const holder = source.createQueryRunner();
  try {
    const [{ name }] = (await holder.query('SELECT DATABASE() AS name')) as [{ name: string }];
    // Named locks are the whole server's, and their names short.
    const lock = `huiliu-schema-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
    const [{ taken }] = (await holder.query('SELECT GET_LOCK(?, ?) AS taken', [lock, LOCK_WAIT_S])) as [
      { taken: number | null },
    ];
    if (taken !== 1) throw new Error(`another process has been changing the schema of ${name} for ${LOCK_WAIT_S} s`);
    try {
      await holder.query(
        `CREATE TABLE IF NOT EXISTS ${PROGRESS} (name varchar(190) NOT NULL PRIMARY KEY, done int NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
      );
      return await run(source);
    } finally {
      await holder.query('SELECT RELEASE_LOCK(?) AS freed', [lock]);
    }
  } finally {
    await holder.release();
  }
}
