import { dlqTopicOf } from '@huiliu/contracts';
import { breaks } from '@huiliu/platform';
import type { HandledEvents } from '@huiliu/storage';
import type { EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import { Gather } from '../engine/gather';
import type { RunnerDeps } from '../engine/host';
import type { RawRecord } from '../engine/record';
import { PartitionRunner } from '../engine/runner';
import type { Subscription } from '../engine/subscription';
import { isDlqTopic } from '../topics';
import { ConsumerLoop } from './consumer-loop';
import { HandledProgress } from './progress';
import type { Topics } from './topics';

/** Offsets are committed so long after something was done: what is repeated after a crash is recognised. */
const COMMIT_AFTER_MS = 250;
/** A fetch waits so long for room before its partition is paused: others must not wait for it. */
const WAIT_FOR_ROOM_MS = 200;

export interface GroupConsumerOptions {
  readonly kafka: Kafka;
  readonly topics: Topics;
  readonly deps: RunnerDeps;
  readonly handled: HandledEvents;
  readonly group: string;
  readonly subscriptions: readonly Subscription[];
}

/**
 * One group's consumer. A fetched batch goes into its partition's runner at once and the fetch goes on, so that a slow partition holds up
 * no other and heartbeats never wait for a handler; a runner that is full pauses its partition. Only what a runner has done as a
 * contiguous prefix is committed. With every new assignment all runners end, and new ones begin where the group has committed.
 */
export class GroupConsumer {
  private readonly loop: ConsumerLoop;
  private readonly subscriptions: readonly Subscription[];
  private runners = new Map<string, PartitionRunner>();
  private ending = new Map<string, Promise<void>>();
  /** The end of each runner's partition as the latest fetch told it. */
  private readonly ends = new WeakMap<PartitionRunner, bigint>();
  private readonly uncommitted = new Map<string, { topic: string; partition: number; offset: string }>();
  private committing: NodeJS.Timeout | null = null;

  constructor(private readonly options: GroupConsumerOptions) {
    this.subscriptions = options.subscriptions.map((subscription) => gathered(subscription, options.deps));
    const specs = this.subscriptions.map((subscription) => subscription.topic);
    this.loop = new ConsumerLoop({
      kafka: options.kafka,
      topics: options.topics,
      timing: options.deps.timing,
      groupId: options.group,
      specs,
      restMs: Math.min(...this.subscriptions.map(({ restMs }) => restMs)),
      alsoEnsure: specs.filter((spec) => !isDlqTopic(spec.name)).map((spec) => dlqTopicOf(spec.name)),
      onJoin: (_, assignment) => this.assigned(assignment),
      onLost: () => this.assigned({}),
      eachBatch: (payload) => this.take(payload),
      warn: options.deps.warn,
    });
  }

  start(): void {
    this.loop.start();
  }

  /** Resolves when it has joined its group for the first time, or could not. */
  get tried(): Promise<void> {
    return this.loop.tried;
  }

  trouble(): string | null {
    for (const runner of this.runners.values()) if (runner.problem !== null) return runner.problem;
    return this.loop.trouble();
  }

  /** Hands out nothing more, waits for what is being handled, commits it and leaves. */
  async stop(timeoutMs: number): Promise<void> {
    this.pause();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([
      Promise.all([...[...this.runners.values()].map((runner) => runner.stop()), ...this.ending.values()]),
      late,
    ]);
    clearTimeout(timer);
    if (this.committing) clearTimeout(this.committing);
    await this.commit();
    await this.loop.stop();
    if (this.committing) clearTimeout(this.committing);
    this.committing = null;
  }

  /** Nothing more is fetched: what a stopped runner does not take would be fetched again and again. */
  private pause(): void {
    try {
      this.loop.consumer?.pause(this.subscriptions.map(({ topic }) => ({ topic: topic.name })));
    } catch {
      // It has not joined yet, so it fetches nothing.
    }
  }

  private assigned(assignment: Readonly<Record<string, readonly number[]>>): void {
    for (const [place, runner] of this.runners) {
      const ended = Promise.all([this.ending.get(place), runner.stop()]).then(() => undefined);
      this.ending.set(place, ended);
      void ended.then(() => {
        if (this.ending.get(place) === ended) this.ending.delete(place);
      });
    }
    this.runners = new Map();
    this.uncommitted.clear();
    for (const subscription of this.subscriptions) {
      for (const partition of assignment[subscription.topic.name] ?? []) this.begin(subscription, partition);
    }
  }

  private begin(subscription: Subscription, partition: number): void {
    const { deps, handled } = this.options;
    const { topic, group, concerned } = subscription;
    const place = placeOf(topic.name, partition);
    const scope = { group, topic: topic.name, partition };
    const runner: PartitionRunner = new PartitionRunner(deps, {
      ...subscription,
      ...(concerned && { isConcerned: concerned }),
      partition,
      progress: new HandledProgress(handled, deps.parked, scope),
      onProgress: (offset) => {
        if (this.runners.get(place) !== runner) return;
        this.done(place, topic.name, partition, offset);
        deps.metrics.lag(scope, Number((this.ends.get(runner) ?? 0n) - BigInt(offset) - 1n));
      },
      after: this.ending.get(place),
    });
    this.runners.set(place, runner);
    void runner.start();
  }

  private async take(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const runner = this.runners.get(placeOf(batch.topic, batch.partition));
    if (!runner || runner.stopped || !payload.isRunning() || payload.isStale()) return;
    const end = BigInt(batch.highWatermark);
    this.ends.set(runner, end);
    const undone = runner.position === null ? BigInt(batch.messages[0]?.offset ?? end) : BigInt(runner.position) + 1n;
    this.options.deps.metrics.lag(runner.scope, Number(end - undone));
    if (!runner.passOver(batch.lastOffset())) runner.push(batch.messages.map(toRecord));
    if (breaks('contiguous-prefix'))
      this.done(placeOf(batch.topic, batch.partition), batch.topic, batch.partition, batch.lastOffset());
    payload.resolveOffset(batch.lastOffset());
    if (runner.room <= 0) {
      await Promise.race([runner.whenRoom(), runner.sleep(WAIT_FOR_ROOM_MS)]);
      if (runner.room <= 0 && !runner.stopped) {
        const resume = payload.pause();
        void runner.whenRoom().then(resume);
      }
    }
    await payload.heartbeat();
  }

  private done(place: string, topic: string, partition: number, offset: string): void {
    this.uncommitted.set(place, { topic, partition, offset: (BigInt(offset) + 1n).toString() });
    this.committing ??= setTimeout(() => {
      this.committing = null;
      void this.commit();
    }, COMMIT_AFTER_MS);
  }

  private async commit(): Promise<void> {
    const { consumer } = this.loop;
    if (!consumer || this.uncommitted.size === 0) return;
    const offsets = [...this.uncommitted.values()];
    this.uncommitted.clear();
    try {
      await consumer.commitOffsets(offsets);
    } catch (error) {
      // The next commit covers it, or what is delivered again is recognised.
      this.options.deps.warn(`commit of ${this.options.group} failed: ${String(error)}`);
    }
  }
}

/** Over all partitions of its topic, where the handler wants that. */
function gathered(subscription: Subscription, { isInfrastructure }: RunnerDeps): Subscription {
  if (!subscription.together) return subscription;
  const gather = new Gather(subscription.handler, subscription.maxBatch, isInfrastructure);
  return { ...subscription, handler: (batch) => gather.handle(batch) };
}

const placeOf = (topic: string, partition: number): string => `${topic}/${partition}`;

export function toRecord(message: KafkaMessage): RawRecord {
  return {
    offset: message.offset,
    key: message.key === null ? null : message.key.toString('utf8'),
    value: message.value,
    timestampMs: Number(message.timestamp),
  };
}
