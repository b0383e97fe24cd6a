import { runWithTrace } from '@huiliu/platform';
import {
  isInfrastructureError,
  type Clock,
  type Database,
  type HandledEvents,
  type Outbox,
  type OutboxRelay,
  type TableOutbox,
} from '@huiliu/storage';
import type { MessageBus } from './bus';
import { EmbeddedBus } from './embedded/embedded-bus';
import { Log, LogOutbox } from './embedded/log';
import type { Retention } from './embedded/pruner';
import type { RunnerDeps } from './engine/host';
import { ParkedStore } from './engine/parked-store';
import { DEFAULT_TIMING, type EngineTiming } from './engine/timing';
import { isKafkaError, type KafkaLog } from './kafka/client';
import { KafkaBus, type KafkaBusOptions } from './kafka/kafka-bus';
import { NO_METRICS, type BusMetrics } from './metrics';
import { busTables } from './schema';

/** What both buses stand on; `openDatabase` of the storage gives most of it. */
export interface BusParts {
  readonly prefix: string;
  readonly database: Database;
  readonly clock: Clock;
  readonly metrics?: BusMetrics;
  readonly timing?: Partial<EngineTiming>;
  readonly log?: KafkaLog;
}

export interface KafkaParts extends BusParts {
  readonly brokers: readonly string[];
  readonly handled: HandledEvents;
  readonly outbox: TableOutbox;
  readonly relay: OutboxRelay;
  readonly requestTimeoutMs?: number;
  readonly giveUpAfterMs?: number;
  /** How connections are made, where not plainly to the brokers' addresses. */
  readonly sockets?: KafkaBusOptions['sockets'];
}

/** A bus and the outbox that belongs to it. */
export interface OpenBus {
  readonly bus: MessageBus;
  readonly outbox: Outbox;
  readonly parked: ParkedStore;
}

const SILENT: KafkaLog = { error: () => undefined, warn: () => undefined, debug: () => undefined };

function depsOf(parts: BusParts, parked: ParkedStore): RunnerDeps {
  const log = parts.log ?? SILENT;
  return {
    db: parts.database,
    clock: parts.clock,
    parked,
    timing: { ...DEFAULT_TIMING, ...parts.timing },
    metrics: parts.metrics ?? NO_METRICS,
    isInfrastructure: (error) => isInfrastructureError(error) || isKafkaError(error),
    traced: (traceparent, work) => runWithTrace(traceparent, work),
    warn: (message) => log.warn(message),
  };
}

/** The bus inside one process, on its SQLite file. */
export function openEmbeddedBus(
  parts: BusParts & { readonly retention?: Retention },
): OpenBus & { readonly bus: EmbeddedBus } {
  if (parts.database.dialect !== 'sqlite') throw new Error('the embedded bus works on SQLite only');
  const log = new Log(parts.database, busTables(parts.prefix).log, parts.clock);
  const outbox = new LogOutbox(log);
  const parked = new ParkedStore(parts.prefix, parts.database, outbox, parts.clock);
  const bus = new EmbeddedBus({ prefix: parts.prefix, deps: depsOf(parts, parked), log, retention: parts.retention });
  return { bus, outbox, parked };
}

/** The bus between processes. Starts the outbox's relay with itself. */
export function openKafkaBus(parts: KafkaParts): OpenBus & { readonly bus: KafkaBus } {
  const { prefix, brokers, handled, outbox, relay, requestTimeoutMs, giveUpAfterMs, sockets, log = SILENT } = parts;
  const parked = new ParkedStore(prefix, parts.database, outbox, parts.clock);
  const bus = new KafkaBus({
    brokers,
    prefix,
    deps: depsOf(parts, parked),
    handled,
    relay,
    log,
    requestTimeoutMs,
    giveUpAfterMs,
    sockets,
  });
  return { bus, outbox, parked };
}
