import { isAbsolute, join, resolve } from 'node:path';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { Database, type Row, type SqlValue, type Tx } from '../database';
import { isBusy } from '../errors';
import { QuietLogger } from '../quiet-logger';
import { Checkpointer } from './checkpointer';
import { SqliteConnection } from './connection';
import { WriteLane } from './lane';

/** How long SQLite itself waits for another process's lock; it blocks the event loop, so we wait the rest by ourselves. */
const BUSY_TIMEOUT_MS = 50;
/** Readers wait for nobody but a process that recovers the file. */
const READ_TIMEOUT_MS = 2_000;
const BUSY_PAUSE_MS = 25;
/** Processes that start at once get into each other's way for moments: switching to WAL needs the file alone, and SQLite does not wait for it. */
const OPEN_WITHIN_MS = 30_000;

/** The file that `DATABASE_URL` names; relative to the working directory, by default `huiliu.sqlite` in the data folder. */
export function sqliteFile(url: string | null, dataDir: string): string {
  const path = (url ?? '').replace(/^sqlite:(\/\/)?/, '');
  if (path === ':memory:') throw new Error('SQLite needs a file: the reader is a connection of its own');
  if (path === '') return join(dataDir, 'huiliu.sqlite');
  return isAbsolute(path) ? path : resolve(path);
}

/** TypeORM's options for a file: its `better-sqlite3` type over our driver. */
export function sqliteOptions(file: string, readonly: boolean): DataSourceOptions {
  return {
    type: 'better-sqlite3',
    database: file,
    driver: SqliteConnection,
    readonly,
    timeout: readonly ? READ_TIMEOUT_MS : BUSY_TIMEOUT_MS,
    enableWAL: !readonly,
    logger: new QuietLogger(),
  };
}

/** The connection that a data source owns. */
export function connectionOf(source: DataSource): SqliteConnection {
  const { driver } = source as unknown as { driver: { databaseConnection: SqliteConnection } };
  return driver.databaseConnection;
}

/** Opens a data source and prepares its connection, as soon as no other process is in the way. */
export async function openFile(
  make: () => DataSource,
  prepare: (connection: SqliteConnection) => void,
): Promise<DataSource> {
  const until = performance.now() + OPEN_WITHIN_MS;
  for (;;) {
    const source = make();
    try {
      await source.initialize();
      prepare(connectionOf(source));
      return source;
    } catch (error) {
      if (source.isInitialized) await source.destroy();
      if (!isBusy(error) || performance.now() > until) throw error;
      await new Promise<void>((next) => setTimeout(next, BUSY_PAUSE_MS));
    }
  }
}

/** One connection of ours. TypeORM turns foreign keys on; we have none. */
function openSqlite(file: string, readonly: boolean): Promise<DataSource> {
  return openFile(
    () => new DataSource(sqliteOptions(file, readonly)),
    (connection) => {
      connection.pragma('foreign_keys = OFF');
      connection.pragma('cache_size = -32000');
      connection.pragma('temp_store = MEMORY');
      if (readonly) return;
      connection.pragma('synchronous = FULL');
      // The checkpointer comes first, at a quarter of that; this is for when it cannot.
      connection.pragma('wal_autocheckpoint = 40000');
    },
  );
}

/** SQLite: one write lane, and a second connection that only reads. */
export class SqliteDatabase extends Database {
  readonly dialect = 'sqlite';
  private readonly lane: WriteLane;
  private readonly checkpointer: Checkpointer;
  private readonly reading: SqliteConnection;

  private constructor(
    file: string,
    private readonly writer: DataSource,
    private readonly reader: DataSource,
  ) {
    super();
    this.checkpointer = new Checkpointer(file, connectionOf(writer));
    this.lane = new WriteLane(connectionOf(writer), () => this.checkpointer.committed());
    this.reading = connectionOf(reader);
  }

  static async open(file: string): Promise<SqliteDatabase> {
    const writer = await openSqlite(file, false);
    try {
      return new SqliteDatabase(file, writer, await openSqlite(file, true));
    } catch (error) {
      await writer.destroy();
      throw error;
    }
  }

  override transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.lane.submit(work);
  }

  override async query<R = Row>(sql: string, params: readonly SqlValue[] = []): Promise<R[]> {
    return this.reading.all<R>(sql, params);
  }

  override async close(): Promise<void> {
    await this.lane.close();
    await this.checkpointer.close();
    if (this.reader.isInitialized) await this.reader.destroy();
    if (this.writer.isInitialized) await this.writer.destroy();
  }
}
