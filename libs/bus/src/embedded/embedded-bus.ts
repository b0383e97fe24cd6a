import { EventEmitter } from 'node:events';
import type { TopicSpec } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import type { OutboxRecord } from '@huiliu/storage';
import {
  MessageBus,
  type BatchHandler,
  type BusRecord,
  type SubscriptionOptions,
  type Tail,
  type TailRecord,
  type TailStart,
} from '../bus';
import type { RunnerDeps } from '../engine/host';
import { Subscriptions } from '../engine/subscription';
import { toOutbox } from '../envelopes';
import { busTables } from '../schema';
import { rememberTopic } from '../topics';
import { GroupReader } from './group-reader';
import type { Log } from './log';
import { Pruner, type Retention } from './pruner';
import { EmbeddedTail } from './tail';

const PRUNE_EVERY_MS = 10 * 60_000;

interface Publishing {
  readonly records: readonly OutboxRecord[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface EmbeddedBusOptions {
  readonly prefix: string;
  readonly deps: RunnerDeps;
  readonly log: Log;
  readonly retention?: Retention;
}

/** The bus of one process on one SQLite file: the outbox is the topic, a group's position commits with the effect. */
export class EmbeddedBus extends MessageBus {
  private readonly subscriptions = new Subscriptions();
  private readonly tails = new Set<EmbeddedTail<never>>();
  private readonly signals = new EventEmitter().setMaxListeners(0);
  private readers: GroupReader[] = [];
  private publishing: Publishing[] = [];
  private flushing: Promise<void> | null = null;
  private pruning: NodeJS.Timeout | null = null;
  private life: Promise<string> | null = null;
  private stopping: Promise<void> | null = null;
  private readonly pruner: Pruner;

  constructor(private readonly options: EmbeddedBusOptions) {
    super();
    const groupsOf = (topic: string): string[] =>
      this.readers
        .map((reader) => reader.subscription)
        .filter((own) => own.topic.name === topic)
        .map((own) => own.group);
    this.pruner = new Pruner(
      options.deps.db,
      busTables(options.prefix),
      options.deps.clock,
      groupsOf,
      options.retention,
    );
  }

  publish(records: readonly BusRecord[]): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    if (this.stopping) return Promise.reject(new Error('the bus is stopped'));
    return new Promise<void>((resolve, reject) => {
      for (const { topic } of records) rememberTopic(topic);
      this.publishing.push({ records: records.map(toOutbox), resolve, reject });
      this.flushing ??= this.flush();
    });
  }

  subscribe(topic: TopicSpec, options: SubscriptionOptions, handler: BatchHandler): void {
    this.subscriptions.add(topic, options, handler);
  }

  async tail<T = unknown>(
    topic: TopicSpec,
    from: TailStart,
    onRecords: (records: readonly TailRecord<T>[]) => void,
  ): Promise<Tail> {
    rememberTopic(topic);
    const tail = await EmbeddedTail.open<T>(
      { log: this.options.log, warn: this.options.deps.warn },
      topic,
      from,
      onRecords,
    );
    const known = tail as unknown as EmbeddedTail<never>;
    this.tails.add(known);
    void tail.ended.then(() => this.tails.delete(known));
    return tail;
  }

  /** All topics live and die with the file: one name for all, made when it is first asked for. */
  generation(): Promise<string> {
    this.life ??= this.readGeneration().catch((error: unknown) => {
      this.life = null;
      throw error;
    });
    return this.life;
  }

  signal(signal: unknown): void {
    setImmediate(() => this.signals.emit('signal', signal));
  }

  onSignal(listener: (signal: unknown) => void): () => void {
    const guarded = (signal: unknown): void => {
      try {
        listener(signal);
      } catch (error) {
        this.options.deps.warn(`a listener to signals failed: ${String(error)}`);
      }
    };
    this.signals.on('signal', guarded);
    return () => this.signals.off('signal', guarded);
  }

  async start(): Promise<void> {
    const { deps, log, prefix } = this.options;
    await log.open();
    const tables = busTables(prefix);
    this.readers = this.subscriptions
      .close(prefix, deps.db, deps.parked)
      .map((subscription) => new GroupReader(deps, log, tables.positions, subscription));
    for (const reader of this.readers) await reader.start();
    this.pruning = setInterval(() => void this.prune(), PRUNE_EVERY_MS);
    this.pruning.unref();
    void this.prune();
  }

  /** Removes what need not be kept; it is done by itself every ten minutes. */
  async prune(): Promise<void> {
    try {
      await this.pruner.prune();
    } catch (error) {
      this.options.deps.warn(`pruning the log failed: ${String(error)}`);
    }
  }

  stop(timeoutMs: number): Promise<void> {
    this.stopping ??= this.end(timeoutMs);
    return this.stopping;
  }

  trouble(): string | null {
    return this.readers.map((reader) => reader.problem).find((problem) => problem !== null) ?? null;
  }

  private async end(timeoutMs: number): Promise<void> {
    if (this.pruning) clearInterval(this.pruning);
    const work = [...this.readers, ...this.tails].map((one) => ('stop' in one ? one.stop() : one.close()));
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([Promise.all([...work, this.flushing]), timeout]);
    clearTimeout(timer);
  }

  /** Calls that come while a transaction runs share the next one. */
  private async flush(): Promise<void> {
    await Promise.resolve();
    while (this.publishing.length > 0) {
      const calls = this.publishing;
      this.publishing = [];
      try {
        await this.options.deps.db.transaction((tx) =>
          this.options.log.add(
            tx,
            calls.flatMap((call) => call.records),
          ),
        );
        for (const call of calls) call.resolve();
      } catch (error) {
        for (const call of calls) call.reject(error);
      }
    }
    this.flushing = null;
  }

  private async readGeneration(): Promise<string> {
    const { meta } = busTables(this.options.prefix);
    return this.options.deps.db.transaction(async (tx) => {
      const [row] = await tx.query<{ value: string }>(`SELECT value FROM ${meta} WHERE name = 'generation'`);
      if (row) return row.value;
      const value = newId();
      await tx.insertMany(meta, ['name', 'value'], [['generation', value]]);
      return value;
    });
  }
}
