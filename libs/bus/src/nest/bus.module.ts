import {
  type DynamicModule,
  Inject,
  Injectable,
  Logger,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { Config, HealthRegistry, Metrics } from '@huiliu/platform';
import { Clock, Database, HandledEvents, Outbox, OutboxRelay, TableOutbox, TablePrefix } from '@huiliu/storage';
import { MessageBus } from '../bus';
import type { ParkedStore } from '../engine/parked-store';
import { openEmbeddedBus, openKafkaBus, type OpenBus } from '../open-bus';
import { BusServer } from './bus-server';
import { promMetrics } from './prom-metrics';

export interface BusModuleOptions {
  /** False where the process stays ready without the bus (a connector whose spool takes what comes). */
  readonly probe?: boolean;
}

const OPENED = Symbol('the opened bus');
const OPTIONS = Symbol('options of the bus');
const COUNT_EVERY_MS = 15_000;
const STOP_MS = 8_000;

/** Shows how the bus is, and stops it where nothing else did. */
@Injectable()
class BusLife implements OnModuleInit, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(OPENED) private readonly opened: OpenBus,
    @Inject(OPTIONS) private readonly options: BusModuleOptions,
    private readonly health: HealthRegistry,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    if (this.options.probe !== false) this.health.add('bus', () => this.opened.bus.trouble());
    const waiting = this.metrics.gauge('huiliu_bus_parked', 'Rows of events that could not be handled, by state.', [
      'state',
    ]);
    const count = async (parked: ParkedStore): Promise<void> => {
      const counts = await parked.counts();
      waiting.set({ state: 'parked' }, counts.parked);
      waiting.set({ state: 'dead' }, counts.dead);
    };
    // What could not be counted now is counted the next time; the database's probe tells of it.
    const tick = (): void => void count(this.opened.parked).catch(() => undefined);
    tick();
    this.timer = setInterval(tick, COUNT_EVERY_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.opened.bus.stop(STOP_MS);
  }
}

interface Stored {
  readonly config: Config;
  readonly prefix: TablePrefix;
  readonly database: Database;
  readonly clock: Clock;
  readonly handled: HandledEvents;
  readonly outbox: TableOutbox;
  readonly relay: OutboxRelay;
  readonly metrics: Metrics;
}

function open({ config, prefix, database, clock, handled, outbox, relay, metrics }: Stored): OpenBus {
  const logger = new Logger('Bus');
  const log = {
    error: (message: string): void => logger.error(message),
    warn: (message: string): void => logger.warn(message),
    debug: (message: string): void => logger.debug(message),
  };
  const parts = { prefix: prefix.value, database, clock, metrics: promMetrics(metrics), log };
  if (config.bus === 'embedded') return openEmbeddedBus(parts);
  return openKafkaBus({ ...parts, brokers: config.kafkaBrokers, handled, outbox, relay });
}

/**
 * The process's bus: `MessageBus`, the `Outbox` that belongs to it, and the `BusServer` to hand to `connectMicroservice`, which
 * subscribes the handlers and starts everything.
 */
@Module({})
export class BusModule {
  static forRoot(options: BusModuleOptions = {}): DynamicModule {
    return {
      module: BusModule,
      global: true,
      providers: [
        { provide: OPTIONS, useValue: options },
        {
          provide: OPENED,
          useFactory: (
            config: Config,
            prefix: TablePrefix,
            database: Database,
            clock: Clock,
            handled: HandledEvents,
            outbox: TableOutbox,
            relay: OutboxRelay,
            metrics: Metrics,
          ) => open({ config, prefix, database, clock, handled, outbox, relay, metrics }),
          inject: [Config, TablePrefix, Database, Clock, HandledEvents, TableOutbox, OutboxRelay, Metrics],
        },
        { provide: MessageBus, useFactory: (opened: OpenBus) => opened.bus, inject: [OPENED] },
        { provide: Outbox, useFactory: (opened: OpenBus) => opened.outbox, inject: [OPENED] },
        { provide: BusServer, useFactory: (bus: MessageBus) => new BusServer(bus), inject: [MessageBus] },
        BusLife,
      ],
      exports: [MessageBus, Outbox, BusServer],
    };
  }
}
