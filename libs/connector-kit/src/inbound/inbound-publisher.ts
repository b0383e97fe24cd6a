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

function linesOf(records: readonly BusRecord[]): string[] {
  const lines = records.map(({ topic, envelope }) => lineOf({ topic: topic.name, key: envelope.key }));
  return lines.length === 1 ? lines : [...new Set(lines)];
}

/**
 * Makes events durable before anybody is told: on the bus or, when that does not answer within 1.5 s, in the spool on disk. While the
 * spool holds records of a line of order (topic and key), all that follows them goes through it.
 */
@Injectable()
export class InboundPublisher implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('InboundPublisher');
  private readonly spool: Spool;
  /** Per line of order, how much was handed to the bus that is neither sent nor spooled yet, and who waits for it. */
  private readonly inFlight = new Map<string, { count: number; readonly waiting: (() => void)[] }>();
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
  publish(records: readonly BusRecord[]): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    const scope = currentScope();
    const lines = linesOf(records);
    if (breaks('ack-before-durable')) {
      setTimeout(() => void this.direct(records, lines, scope), 500);
      return Promise.resolve();
    }
    if (this.silent || (!this.spool.empty && lines.some((line) => this.spool.holds(line))))
      return this.behind(records, lines, scope);
    return this.direct(records, lines, scope);
  }

  /** Into the spool, behind whatever of these lines the bus was given before it fell silent, be it sent or spooled. */
  private async behind(
    records: readonly BusRecord[],
    lines: readonly string[],
    scope: Scope | undefined,
  ): Promise<void> {
    if (!lines.some((line) => this.spool.holds(line))) await Promise.all(lines.map((line) => this.landed(line)));
    return this.keep(records, scope);
  }

  /** Whether everything has been handed to the bus. */
  get drained(): boolean {
    return this.spool.empty;
  }

  /** To the bus or, when that does not take them in time, into the spool; what the bus makes of them afterwards nobody waits for. */
  private direct(records: readonly BusRecord[], lines: readonly string[], scope: Scope | undefined): Promise<void> {
    for (const line of lines) this.begin(line);
    return new Promise((resolve, reject) => {
      let waits = true;
      const land = (outcome: () => void): void => {
        for (const line of lines) this.end(line);
        outcome();
      };
      const spool = (): void => {
        waits = false;
        this.silent = true;
        this.keep(records, scope).then(
          () => land(resolve),
          (error: Error) => land(() => reject(error)),
        );
      };
      const timer = setTimeout(spool, ANSWER_MS);
      this.bus.publish(records).then(
        () => {
          if (!waits) return;
          clearTimeout(timer);
          land(resolve);
        },
        (error: unknown) => {
          // It may fail long after it was given up.
          if (!waits) return;
          clearTimeout(timer);
          runNow(scope, () => this.logger.warn({ err: error }, 'the bus refused; spooling'));
          spool();
        },
      );
    });
  }

  private begin(line: string): void {
    const flight = this.inFlight.get(line);
    if (flight === undefined) this.inFlight.set(line, { count: 1, waiting: [] });
    else flight.count++;
  }

  private end(line: string): void {
    const flight = this.inFlight.get(line)!;
    if (--flight.count > 0) return;
    this.inFlight.delete(line);
    for (const go of flight.waiting) go();
  }

  /** Resolves when nothing of a line is on its way any more. */
  private landed(line: string): Promise<void> {
    const flight = this.inFlight.get(line);
    return flight === undefined ? Promise.resolve() : new Promise((resolve) => void flight.waiting.push(resolve));
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
