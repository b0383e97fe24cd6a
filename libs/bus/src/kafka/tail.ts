import type { TopicSpec } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Tail, TailOptions, TailStart } from '../bus';
import type { RawRecord } from '../engine/record';
import type { EngineTiming } from '../engine/timing';
import { ConsumerLoop } from './consumer-loop';
import { toRecord } from './group-consumer';
import type { PartitionRange, Topics } from './topics';

export interface KafkaTailDeps {
  readonly kafka: Kafka;
  readonly topics: Topics;
  readonly timing: EngineTiming;
  /** Begins the name of the reader's group. */
  readonly prefix: string;
  /** Whether no other process of this app is known of: what it writes of the topic this process writes. */
  readonly alone: () => boolean;
  readonly warn: (message: string) => void;
}

/** Hands records out; answers whether any of them was written by another process. */
export type OnRaw = (partition: number, records: readonly RawRecord[]) => boolean;

/** Nobody else is there, or has written for so long: what this process writes itself it knows when the broker acknowledges it. */
const OTHERS_MS = 10_000;
/** So long the broker is not asked then, after a fetch; what another process writes all the same waits so long, once. */
const OWN_REST_MS = 200;

/**
 * Reads all partitions of a topic under a group that no other process has and that commits nothing. Where it stands is its own
 * business: after each (re)join it seeks to what it has not handed out yet. What this process itself has sent is handed out when the broker
 * acknowledges it, where it follows what was handed out without a gap; what lies in a gap is fetched first.
 */
export class KafkaTail implements Tail {
  readonly caughtUp: Promise<void>;
  private readonly loop: ConsumerLoop;
  private reached: () => void = () => undefined;
  private readonly behind: Map<number, bigint>;
  /** Partitions that went on without a fetch: the next is to begin there. */
  private readonly moved = new Set<number>();
  /** Where the fetch that is under way begins, at the least. */
  private readonly asked = new Map<number, bigint>();
  private othersAtMs = performance.now();
  /** Something of our own was handed out since the last fetch. */
  private wentOn = false;
  private closed = false;
  private resting: Promise<void> | null = null;
  private wake: () => void = () => undefined;

  private constructor(
    readonly topic: TopicSpec,
    private readonly deps: KafkaTailDeps,
    private readonly next: Map<number, bigint>,
    ranges: readonly PartitionRange[],
    private readonly onRaw: OnRaw,
    { restMs }: TailOptions,
  ) {
    this.behind = new Map(
      ranges
        .filter(({ partition, high }) => (next.get(partition) ?? 0n) < high)
        .map(({ partition, high }) => [partition, high]),
    );
    this.caughtUp = new Promise((resolve) => {
      this.reached = resolve;
    });
    if (this.behind.size === 0) this.reached();
    this.loop = new ConsumerLoop({
      kafka: deps.kafka,
      topics: deps.topics,
      timing: deps.timing,
      groupId: `tail.${deps.prefix}.${newId()}`,
      specs: [topic],
      restMs,
      onJoin: (consumer, assignment) => this.moveTo(consumer, assignment[topic.name] ?? []),
      onLost: () => undefined,
      eachBatch: (payload) => this.take(payload),
      warn: deps.warn,
    });
    this.loop.start();
  }

  static async open(
    deps: KafkaTailDeps,
    topic: TopicSpec,
    from: TailStart,
    onRaw: OnRaw,
    options: TailOptions = {},
  ): Promise<KafkaTail> {
    await deps.topics.ensure([topic]);
    const ranges = await deps.topics.ranges(topic.name);
    const since =
      typeof from === 'object'
        ? await deps.topics.offsetsSince(topic.name, Date.now() - from.sinceMs)
        : new Map<number, bigint>();
    return new KafkaTail(topic, deps, startOf(ranges, from, since), ranges, onRaw, options);
  }

  healthy(): boolean {
    return this.loop.trouble() === null;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.wake();
    await this.loop.stop();
  }

  /**
   * The broker has records of this process's own, in order: hands them out where they come next. Where they do not, a fetch has brought them
   * already or brings them behind what lies between.
   */
  acknowledged(partition: number, records: readonly RawRecord[]): void {
    if (this.closed) return;
    const first = BigInt(records[0]!.offset);
    const next = this.next.get(partition);
    if (next === undefined || first > next) this.lookAgain();
    if (first !== next) return;
    this.next.set(partition, first + BigInt(records.length));
    this.moved.add(partition);
    this.wentOn = true;
    this.onRaw(partition, records);
    this.check(partition);
  }

  /** The next fetch begins behind what was handed out. */
  private moveTo(consumer: Consumer, partitions: Iterable<number>): void {
    for (const partition of partitions) {
      const next = this.next.get(partition) ?? 0n;
      this.asked.set(partition, next);
      consumer.seek({ topic: this.topic.name, partition, offset: next.toString() });
    }
  }

  private async take(payload: EachBatchPayload): Promise<void> {
    if (!payload.isRunning() || payload.isStale()) return;
    const { batch } = payload;
    const { partition } = batch;
    // The topic was made anew: what follows is all new. (What was acknowledged since may lie beyond what the broker answered.)
    if (BigInt(batch.highWatermark) < (this.asked.get(partition) ?? 0n)) this.next.set(partition, 0n);
    const next = this.next.get(partition) ?? 0n;
    const fresh = batch.messages.filter((message) => BigInt(message.offset) >= next);
    const last = BigInt(batch.lastOffset());
    const after = last >= next ? last + 1n : next;
    this.next.set(partition, after);
    this.moved.delete(partition);
    payload.resolveOffset((after - 1n).toString());
    this.asked.set(partition, after);
    if (fresh.length > 0 && this.onRaw(partition, fresh.map(toRecord))) this.lookAgain();
    this.check(partition);
    await payload.heartbeat();
    if (!this.wentOn || !this.deps.alone() || performance.now() - this.othersAtMs < OTHERS_MS) return;
    await this.rest();
    this.wentOn = false;
    const { consumer } = this.loop;
    if (consumer === null) return;
    this.moveTo(consumer, this.moved);
    this.moved.clear();
  }

  /** Another process writes, too: what it writes must be looked for. */
  private lookAgain(): void {
    this.othersAtMs = performance.now();
    this.wake();
  }

  /** One rest for all partitions of a fetch. */
  private rest(): Promise<void> {
    this.resting ??= new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, OWN_REST_MS);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.closed) this.wake();
    }).finally(() => (this.resting = null));
    return this.resting;
  }

  private check(partition: number): void {
    const target = this.behind.get(partition);
    if (target === undefined || (this.next.get(partition) ?? 0n) < target) return;
    this.behind.delete(partition);
    if (this.behind.size === 0) this.reached();
  }
}

/** Where a tail begins in each partition. `since`: the first offsets that are young enough. */
export function startOf(
  ranges: readonly PartitionRange[],
  from: TailStart,
  since: ReadonlyMap<number, bigint>,
): Map<number, bigint> {
  if (from === 'beginning') return new Map(ranges.map(({ partition, low }) => [partition, low]));
  if (from === 'end') return new Map(ranges.map(({ partition, high }) => [partition, high]));
  const young = ranges.map((range) => {
    const first = since.get(range.partition) ?? range.high;
    return { ...range, first: first < range.low ? range.low : first };
  });
  const have = young.reduce((sum, { first, high }) => sum + (high - first), 0n);
  const older = young.reduce((sum, { first, low }) => sum + (first - low), 0n);
  const missing = BigInt(from.atLeast) - have;
  if (missing <= 0n || older === 0n) return new Map(young.map(({ partition, first }) => [partition, first]));
  // What is missing is taken from all partitions alike, by what they have.
  return new Map(
    young.map(({ partition, first, low }) => {
      const share = ((first - low) * missing + older - 1n) / older;
      return [partition, share > first - low ? low : first - share];
    }),
  );
}
