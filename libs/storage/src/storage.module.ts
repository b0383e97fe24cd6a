import {
  type DynamicModule,
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Config, HealthRegistry, Metrics, passesWhere } from '@huiliu/platform';
import { Clock } from './clock';
import { Database } from './database';
import { isInfrastructureError } from './errors';
import { HandledEvents } from './handled';
import { Leases } from './leases';
import type { SchemaModule } from './migrations';
import { openDatabase, type OpenStorage } from './open';
import { OutboxRelay } from './outbox/relay';
import { TableOutbox } from './outbox/table-outbox';
import { takeOwnership } from './sqlite/ownership';
import { sqliteFile } from './sqlite/sqlite-database';
import { TablePrefix } from './table-prefix';

export interface StorageModuleOptions {
  /** Begins the names of the process's own tables: `suite`, `inbox`, `connector_webchat` … */
  readonly prefix: string;
  readonly schemas: readonly SchemaModule[];
  /** False where the process stays ready without its database (a connector whose spool takes what comes). */
  readonly probe?: boolean;
}

const OPENED = Symbol('the opened storage');
const OPTIONS = Symbol('options of the storage');
const MEASURE_MS = 5_000;

/** Watches the database while the app lives and closes it last: other parts still write while they shut down. */
@Injectable()
class StorageLife implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(OPENED) private readonly storage: OpenStorage,
    @Inject(OPTIONS) private readonly options: StorageModuleOptions,
    private readonly config: Config,
    private readonly health: HealthRegistry,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    const { database, handled } = this.storage;
    if (this.options.probe !== false)
      this.health.add('database', () => database.query('SELECT 1 AS one').then(answered, unanswered));
    if (this.config.bus !== 'kafka') return;
    handled.startPruning();
    const backlog = this.metrics.gauge(
      'huiliu_outbox_backlog',
      'Records in the outbox that the bus does not have yet.',
    );
    const age = this.metrics.gauge('huiliu_outbox_oldest_seconds', 'Age of the oldest record in the outbox.');
    const measure = async (): Promise<void> => {
      const stats = await this.storage.relay.stats();
      backlog.set(stats.backlog);
      age.set(stats.oldestMs / 1000);
    };
    // A measure that could not be taken is taken the next time; the probe tells of the database.
    this.timer = setInterval(() => void measure().catch(() => undefined), MEASURE_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.storage.close();
  }
}

/** The database of a whole service. On SQLite no other process may have it, which MySQL does not mind. */
async function openAlone(config: Config, prefix: string, schemas: readonly SchemaModule[]): Promise<OpenStorage> {
  const options = { url: config.databaseUrl, dataDir: config.dataDir, prefix, schemas };
  if (!config.databaseUrl.startsWith('sqlite:')) return openDatabase(options);
  const letGo = takeOwnership(sqliteFile(config.databaseUrl, config.dataDir));
  try {
    const storage = await openDatabase(options);
    return { ...storage, close: () => storage.close().finally(letGo) };
  } catch (error) {
    letGo();
    throw error;
  }
}

function answered(): null {
  return null;
}

function unanswered(): string {
  return 'the database does not answer';
}

const parts = [
  { provide: Database, useFactory: (storage: OpenStorage) => storage.database, inject: [OPENED] },
  { provide: Clock, useFactory: (storage: OpenStorage) => storage.clock, inject: [OPENED] },
  { provide: Leases, useFactory: (storage: OpenStorage) => storage.leases, inject: [OPENED] },
  { provide: HandledEvents, useFactory: (storage: OpenStorage) => storage.handled, inject: [OPENED] },
  { provide: TableOutbox, useFactory: (storage: OpenStorage) => storage.outbox, inject: [OPENED] },
  { provide: OutboxRelay, useFactory: (storage: OpenStorage) => storage.relay, inject: [OPENED] },
  {
    provide: TablePrefix,
    useFactory: (options: StorageModuleOptions) => new TablePrefix(options.prefix),
    inject: [OPTIONS],
  },
];

/** The process's one database: opened, with its schema up to date, before anything that asks for it is made. */
@Module({})
export class StorageModule {
  static forRoot(options: StorageModuleOptions): DynamicModule {
    const { prefix, schemas } = options;
    passesWhere(isInfrastructureError);
    return {
      module: StorageModule,
      global: true,
      providers: [
        { provide: OPTIONS, useValue: options },
        {
          provide: OPENED,
          useFactory: (config: Config) => openAlone(config, prefix, schemas),
          inject: [Config],
        },
        ...parts,
        StorageLife,
      ],
      exports: parts.map((part) => part.provide),
    };
  }
}
