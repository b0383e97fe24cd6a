import { type Clock, SystemClock } from './clock';
import type { Database } from './database';
import { HandledEvents, handledSchema } from './handled';
import type { Leases } from './leases';
import type { SchemaModule } from './migrations';
import { MysqlDatabase } from './mysql/mysql-database';
import { OutboxRelay, type RelayOptions } from './outbox/relay';
import { outboxSchema, TableOutbox } from './outbox/table-outbox';
import { applySchemas, type Location } from './schema/runner';
import { sqliteFile } from './sqlite/sqlite-database';
import { SqliteDatabase } from './sqlite/sqlite-database';
import { leasesSchema, TableLeases } from './table-leases';

export interface StorageOptions {
  /** `sqlite:<path>` or `mysql://…`; without one, `huiliu.sqlite` in the data folder. */
  readonly url: string | null;
  readonly dataDir: string;
  /** Begins the names of this process's own tables (leases, outbox, handled events). */
  readonly prefix: string;
  readonly schemas: readonly SchemaModule[];
  readonly clock?: Clock;
  readonly relay?: RelayOptions;
}

/** A database with its schema applied, and what stands on it. */
export interface OpenStorage {
  readonly database: Database;
  readonly clock: Clock;
  readonly leases: Leases;
  readonly outbox: TableOutbox;
  readonly handled: HandledEvents;
  readonly relay: OutboxRelay;
  /** Applies further modules; what is applied already is left alone. */
  applySchemas(modules: readonly SchemaModule[]): Promise<string[]>;
  close(): Promise<void>;
}

/** The tables that `libs/storage` itself needs for a process kind. */
export function storageSchemas(prefix: string): SchemaModule[] {
  return [leasesSchema(prefix), outboxSchema(prefix), handledSchema(prefix)];
}

/** Opens the process's database and brings its schema up to date. The Nest module uses it, and so may anything without Nest. */
export async function openDatabase(options: StorageOptions): Promise<OpenStorage> {
  const { prefix, schemas } = options;
  if (!/^[a-z][a-z0-9_]{0,31}$/.test(prefix))
    throw new Error(`table prefix ${prefix}: expected lower-case letters, digits and underscores`);
  const clock = options.clock ?? new SystemClock();
  const location = locate(options);
  await applySchemas(location, [...storageSchemas(prefix), ...schemas]);
  const database: Database =
    location.dialect === 'sqlite' ? await SqliteDatabase.open(location.file) : await MysqlDatabase.open(location.url);
  const outbox = new TableOutbox(prefix, clock);
  const handled = new HandledEvents(database, prefix, clock);
  const relay = new OutboxRelay(database, outbox, prefix, clock, options.relay);
  return {
    database,
    clock,
    leases: new TableLeases(database, prefix, clock),
    outbox,
    handled,
    relay,
    applySchemas: (modules) => applySchemas(location, modules),
    close: async () => {
      await relay.stop();
      await handled.stopPruning();
      await database.close();
    },
  };
}

function locate({ url, dataDir }: StorageOptions): Location {
  if (url === null || url.startsWith('sqlite:')) return { dialect: 'sqlite', file: sqliteFile(url, dataDir) };
  if (url.startsWith('mysql:')) return { dialect: 'mysql', url };
  throw new Error('DATABASE_URL: expected sqlite:<path> or mysql://…');
}
