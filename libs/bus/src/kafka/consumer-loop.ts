import type { TopicSpec } from '@huiliu/contracts';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { pauseDelayMs, type EngineTiming } from '../engine/timing';
import type { Topics } from './topics';

export interface ConsumerLoopOptions {
  readonly kafka: Kafka;
  readonly topics: Topics;
  readonly timing: EngineTiming;
  readonly groupId: string;
  readonly specs: readonly TopicSpec[];
  /** After a fetch that brought something the next waits so long. */
  readonly restMs?: number;
  /** Topics that must exist besides. */
  readonly alsoEnsure?: readonly TopicSpec[];
  /** A new assignment: everything before it is void; fetching begins at what is committed. */
  readonly onJoin: (consumer: Consumer, assignment: Readonly<Record<string, readonly number[]>>) => void;
  /** The consumer is gone; another will join. */
  readonly onLost: () => void;
  readonly eachBatch: (payload: EachBatchPayload) => Promise<void>;
  readonly warn: (message: string) => void;
}

const SESSION_MS = 10_000;
const HEARTBEAT_MS = 2_000;
/**
 * A fetch that finds nothing is answered after so long; one that finds something, at once. Also the longest wait of a partition that was paused
 * (half of what it had is still in hand then), and of who leaves or joins a group.
 */
const FETCH_WAIT_MS = 1_000;
/** Nothing fetched for so long: not well; for longer: begun anew. */
const SILENT_MS = 15_000;
const DEAD_MS = 45_000;
const WATCH_MS = 2_000;
/** Set back by more than so much, the wall clock keeps the client from heartbeats for as long: it measures by it. */
const SET_BACK_MS = 1_000;

/** Keeps one consumer alive: made, joined, watched, and made anew with back-off when it crashes or falls silent. */
export class ConsumerLoop {
  private readonly end = new AbortController();
  private running: Promise<void> | null = null;
  private current: Consumer | null = null;
  private lastSignMs = 0;
  private problem: string | null = 'not joined yet';
  private reached: () => void = () => undefined;
  /** Resolves when it has joined its group for the first time, or could not. */
  readonly tried: Promise<void>;

  constructor(private readonly options: ConsumerLoopOptions) {
    this.tried = new Promise((resolve) => {
      this.reached = resolve;
    });
  }

  start(): void {
    this.running ??= this.run();
  }

  get consumer(): Consumer | null {
    return this.current;
  }

  /** What is wrong; null when it fetches. */
  trouble(): string | null {
    if (this.problem !== null) return `consumer ${this.options.groupId}: ${this.problem}`;
    const silentMs = performance.now() - this.lastSignMs;
    return silentMs > SILENT_MS
      ? `consumer ${this.options.groupId}: nothing fetched for ${Math.round(silentMs / 1000)} s`
      : null;
  }

  async stop(): Promise<void> {
    this.end.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.end;
    for (let failures = 0; !signal.aborted;) {
      const startedMs = performance.now();
      try {
        await this.live();
      } catch (error) {
        this.problem = error instanceof Error ? error.message : String(error);
        if (failures === 0) this.options.warn(`consumer ${this.options.groupId}: ${this.problem}`);
      }
      this.reached();
      this.options.onLost();
      failures = performance.now() - startedMs > 60_000 ? 1 : failures + 1;
      if (!signal.aborted) await interruptible(pauseDelayMs(this.options.timing, failures), signal);
    }
  }

  /** One consumer's life; ends by an error, or when the loop is stopped. */
  private async live(): Promise<void> {
    const { kafka, topics, groupId, specs, restMs = 0, alsoEnsure = [], onJoin, eachBatch } = this.options;
    const { signal } = this.end;
    await topics.ensure([...specs, ...alsoEnsure]);
    const consumer = kafka.consumer({
      groupId,
      sessionTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      rebalanceTimeout: 30_000,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      metadataMaxAge: 60_000,
      allowAutoTopicCreation: false,
      // A consumer that gave up is replaced by a new one, here.
      retry: { retries: 4, initialRetryTime: 100, maxRetryTime: 2_000, restartOnFailure: () => Promise.resolve(false) },
    });
    let watch: NodeJS.Timeout | undefined;
    let stopped: (() => void) | undefined;
    const wallMs = wallAgainstMonotonic();
    const ended = new Promise<void>((resolve, reject) => {
      stopped = resolve;
      signal.addEventListener('abort', stopped);
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      watch = setInterval(() => {
        if (this.problem === null && performance.now() - this.lastSignMs > DEAD_MS) reject(new Error('fell silent'));
        // Before the group loses it: a new consumer begins with the clock as it is.
        else if (wallAgainstMonotonic() < wallMs - SET_BACK_MS) reject(new Error('the clock was set back'));
      }, WATCH_MS);
    });
    // It may fail before anybody waits for it.
    ended.catch(() => undefined);
    const sign = (): void => {
      this.lastSignMs = performance.now();
    };
    consumer.on(consumer.events.FETCH, sign);
    consumer.on(consumer.events.HEARTBEAT, sign);
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      sign();
      this.problem = null;
      onJoin(consumer, payload.memberAssignment);
      this.reached();
    });
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: specs.map((spec) => spec.name), fromBeginning: true });
      this.current = consumer;
      if (signal.aborted) return;
      const running = consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 16,
        eachBatch: async (payload) => {
          await eachBatch(payload);
          if (restMs > 0) await interruptible(restMs, signal);
        },
      });
      await Promise.race([running, ended]);
      await ended;
    } finally {
      clearInterval(watch);
      if (stopped) signal.removeEventListener('abort', stopped);
      this.current = null;
      await consumer.disconnect().catch(() => undefined);
    }
  }
}

/** Falls when the wall clock is set back, grows when it is set ahead. */
const wallAgainstMonotonic = (): number => Date.now() - performance.now();

function interruptible(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
