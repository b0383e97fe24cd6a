import { type BeforeApplicationShutdown, Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { join } from 'node:path';
import { type BusRecord, MessageBus, specOf } from '@huiliu/bus';
import { CHANNEL_INBOUND, CHANNEL_RECEIPTS, type Envelope, type TopicSpec } from '@huiliu/contracts';
import {
  breaks,
  Config,
  currentScope,
  HealthRegistry,
  Metrics,
  runNow,
  type Scope,
  unavailable,
} from '@huiliu/platform';
import { HOST_OPTIONS, type HostOptions } from '../host-options';
import { lineOf, Spool } from './spool';
import type { SpoolRecord } from './spool-frames';

const ANSWER_MS = 1_500;
const DRAIN_BATCH = 500;
const DRAIN_FIRST_DELAY_MS = 100;
const DRAIN_LONGEST_DELAY_MS = 5_000;
const ADOPT_EVERY_MS = 15_000;

const OWN_TOPICS = new Set([CHANNEL_INBOUND.name, CHANNEL_RECEIPTS.name]);

/** Of what connectors publish; undefined for a topic that this version does not know. */
const topicOf = (name: string): TopicSpec | undefined =>
  OWN_TOPICS.has(name) || name.startsWith('channel.media.') ? specOf(name) : undefined;

/**
 * Makes events durable before anybody is told: on the bus or, when that does not answer within 1.5 s, in the spool on disk. While the
 * spool holds records of a line of order (topic and key), all that follows them goes through it.
 */
@Injectable()
export class InboundPublisher implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('InboundPublisher');
  private readonly spool: Spool;
  /** Per line of order, what was handed to the bus and has not been answered. */
  private readonly inFlight = new Map<string, Set<Promise<unknown>>>();
  /** The bus did not answer: until the spool drains again, nobody is made to wait for it. */
  private silent = false;
  private draining: Promise<void> | null = null;
  private stopping = false;
  private readonly wake = new Set<() => void>();
  private adopting: NodeJS.Timeout | undefined;

  constructor(
    @Inject(MessageBus) private readonly bus: MessageBus,
    @Inject(Config) config: Config,
    @Inject(HealthRegistry) health: HealthRegistry,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(HOST_OPTIONS) options: HostOptions,
  ) {
    this.spool = new Spool({
      root: join(config.dataDir, 'spool', options.app),
      ...(options.spoolMaxBytes === undefined ? {} : { maxBytes: options.spoolMaxBytes }),
    });
    health.add(`spool of ${options.app}`, () => this.spool.trouble());
  }

  async onModuleInit(): Promise<void> {
    const found = await this.spool.open();
    if (found > 0) this.logger.log({ records: found }, 'records of an earlier process are sent now');
    this.drain();
    this.adopting = setInterval(() => {
      this.spool.adopt().then(
        (records) => {
          if (records > 0) this.drain();
        },
        (error: unknown) => this.logger.warn({ err: error }, 'cannot look for orphaned spools'),
      );
    }, ADOPT_EVERY_MS);
    this.adopting.unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.adopting);
    this.stopping = true;
    for (const wake of this.wake) wake();
    // What the bus does not take stays on disk for the next process.
    await Promise.race([this.draining, new Promise((resolve) => setTimeout(resolve, ANSWER_MS).unref())]);
    await this.spool.close();
  }

  /** Resolves when all records are durable. Throws `unavailable` (503) when neither bus nor spool takes them. */
  async publish(records: readonly BusRecord[]): Promise<void> {
    if (records.length === 0) return;
    const scope = currentScope();
    if (breaks('ack-before-durable')) {
      setTimeout(() => void this.direct(records, scope), 500);
      return;
    }
    const lines = [...new Set(records.map((record) => lineOf({ topic: record.topic.name, key: record.envelope.key })))];
    if (this.silent && !lines.some((line) => this.spool.holds(line))) {
      // Whatever of these lines the bus was given before it fell silent comes first, be it sent or spooled.
      await Promise.all(lines.flatMap((line) => [...(this.inFlight.get(line) ?? [])]));
    }
    if (this.silent || lines.some((line) => this.spool.holds(line))) return this.keep(records, scope);
    const direct = this.direct(records, scope);
    for (const line of lines) this.track(line, direct);
    return direct;
  }

  /** Whether everything has been handed to the bus. */
  get drained(): boolean {
    return this.spool.empty;
  }

  private async direct(records: readonly BusRecord[], scope: Scope | undefined): Promise<void> {
    if (await this.published(records, scope)) return;
    this.silent = true;
    await this.keep(records, scope);
  }

  /** Whether the bus has taken the records in time; what becomes of them afterwards nobody waits for. */
  private published(records: readonly BusRecord[], scope: Scope | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        resolve(false);
      }, ANSWER_MS);
      this.bus.publish(records).then(
        () => {
          clearTimeout(timer);
          resolve(true);
        },
        (error: unknown) => {
          clearTimeout(timer);
          // It may fail long after it was given up.
          if (!late) runNow(scope, () => this.logger.warn({ err: error }, 'the bus refused; spooling'));
          resolve(false);
        },
      );
    });
  }

  private track(line: string, work: Promise<void>): void {
    const set = this.inFlight.get(line) ?? new Set<Promise<unknown>>();
    const done = (): void => {
      set.delete(settled);
      if (set.size === 0 && this.inFlight.get(line) === set) this.inFlight.delete(line);
    };
    const settled = work.then(done, done);
    this.inFlight.set(line, set.add(settled));
  }

  private async keep(records: readonly BusRecord[], scope: Scope | undefined): Promise<void> {
    try {
      await this.spool.append(
        records.map((record) => ({
          topic: record.topic.name,
          key: record.envelope.key,
          value: JSON.stringify(record.envelope),
        })),
      );
    } catch (error) {
      runNow(scope, () => this.logger.error({ err: error }, 'neither bus nor spool takes events'));
      throw unavailable('cannot be accepted now', 5);
    } finally {
      // Also when the spool refuses: a bus that answers again must be noticed.
      this.drain();
    }
    this.metrics
      .counter('huiliu_connector_spooled_total', 'Records written to the spool because the bus did not answer.')
      .inc(records.length);
  }

  private drain(): void {
    if (this.draining !== null || this.stopping) return;
    this.draining = this.drainAll()
      .catch((error: unknown) => this.logger.error({ err: error }, 'the spool cannot be read'))
      .finally(() => {
        this.draining = null;
        if (!this.spool.empty && !this.stopping) setTimeout(() => this.drain(), DRAIN_FIRST_DELAY_MS).unref();
      });
  }

  private async drainAll(): Promise<void> {
    let delay = DRAIN_FIRST_DELAY_MS;
    for (;;) {
      const records = await this.spool.next(DRAIN_BATCH);
      if (this.stopping) return;
      if (records.length === 0) {
        this.silent = false;
        return;
      }
      try {
        await this.bus.publish(records.flatMap(toBusRecord));
        await this.spool.done(records.length);
        // It answers: only the lines that the spool still holds must go through it.
        this.silent = false;
        delay = DRAIN_FIRST_DELAY_MS;
      } catch (error) {
        this.logger.warn({ err: error }, 'the bus does not take the spool yet');
        await this.pause(delay);
        delay = Math.min(DRAIN_LONGEST_DELAY_MS, delay * 2);
      }
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.wake.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.wake.add(wake);
    });
  }
}

function toBusRecord(record: SpoolRecord): BusRecord[] {
  const topic = topicOf(record.topic);
  // Written by a version that knew a topic which this one does not: nobody could read it either.
  return topic === undefined ? [] : [{ topic, envelope: JSON.parse(record.value) as Envelope }];
}
