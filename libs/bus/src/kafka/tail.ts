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
  readonly warn: (message: string) => void;
}

/**
 * Reads all partitions of a topic under a group that no other process has and that commits nothing. Where it stands is its own
 * business: after each (re)join it seeks to what it has not handed out yet.
 */
export class KafkaTail implements Tail {
  readonly caughtUp: Promise<void>;
  private readonly loop: ConsumerLoop;
  private reached: () => void = () => undefined;
  private readonly behind: Map<number, bigint>;

  private constructor(
    private readonly topic: TopicSpec,
    deps: KafkaTailDeps,
    private readonly next: Map<number, bigint>,
    ranges: readonly PartitionRange[],
    private readonly onRaw: (partition: number, records: readonly RawRecord[]) => void,
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
      onJoin: (consumer, assignment) => this.seek(consumer, assignment),
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
    onRaw: (partition: number, records: readonly RawRecord[]) => void,
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
    await this.loop.stop();
  }

  private seek(consumer: Consumer, assignment: Readonly<Record<string, readonly number[]>>): void {
    for (const partition of assignment[this.topic.name] ?? []) {
      consumer.seek({ topic: this.topic.name, partition, offset: (this.next.get(partition) ?? 0n).toString() });
    }
  }

  private async take(payload: EachBatchPayload): Promise<void> {
    if (!payload.isRunning() || payload.isStale()) return;
    const { batch } = payload;
    const { partition } = batch;
    // The topic was made anew: what follows is all new.
    if (BigInt(batch.highWatermark) < (this.next.get(partition) ?? 0n)) this.next.set(partition, 0n);
    const next = this.next.get(partition) ?? 0n;
    const fresh = batch.messages.filter((message) => BigInt(message.offset) >= next);
    const last = BigInt(batch.lastOffset());
    if (last >= next) this.next.set(partition, last + 1n);
    payload.resolveOffset(batch.lastOffset());
    if (fresh.length > 0) this.onRaw(partition, fresh.map(toRecord));
    this.check(partition);
    await payload.heartbeat();
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
