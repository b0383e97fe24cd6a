import { SIGNALS, type TopicSpec } from '@huiliu/contracts';
import { breaks } from '@huiliu/platform';
import type { HandledEvents, OutboxRecord, OutboxRelay } from '@huiliu/storage';
import type { ISocketFactory, Kafka } from 'kafkajs';
import {
  MessageBus,
  type BatchHandler,
  type BusRecord,
  type SubscriptionOptions,
  type Tail,
  type TailOptions,
  type TailRecord,
  type TailStart,
} from '../bus';
import type { RunnerDeps } from '../engine/host';
import type { RawRecord } from '../engine/record';
import { Subscriptions } from '../engine/subscription';
import { passedRecord, tailRecord } from '../engine/tail-record';
import { rememberTopic, specOf } from '../topics';
import { createKafka, createProducer, type KafkaLog } from './client';
import { GroupConsumer } from './group-consumer';
import { OrderedProducer } from './ordered-producer';
import { OwnRecords } from './own-records';
import { RecentIds } from './recent-ids';
import { SignalLine } from './signal-line';
import { KafkaTail, type KafkaTailDeps, type OnRaw } from './tail';
import { Topics } from './topics';

export interface KafkaBusOptions {
  readonly brokers: readonly string[];
  readonly prefix: string;
  readonly deps: RunnerDeps;
  readonly handled: HandledEvents;
  /** Sends what transactions left in the outbox. */
  readonly relay: OutboxRelay;
  readonly log: KafkaLog;
  readonly requestTimeoutMs?: number;
  readonly giveUpAfterMs?: number;
  readonly sockets?: ISocketFactory;
}

/** `start` waits so long for the groups to form; a broker that is away at the start holds nobody up and is joined when it comes. */
const START_AT_MOST_MS = 10_000;

/** The bus of many processes. */
export class KafkaBus extends MessageBus {
  private readonly kafka: Kafka;
  private readonly topics: Topics;
  private readonly producer: OrderedProducer;
  private readonly subscriptions = new Subscriptions();
  private readonly tails = new Set<KafkaTail>();
  private readonly signals: SignalLine;
  private readonly own = new OwnRecords();
  private consumers: GroupConsumer[] = [];
  private stopping: Promise<void> | null = null;

  constructor(private readonly options: KafkaBusOptions) {
    super();
    const { deps, prefix, brokers, log, sockets, requestTimeoutMs = 10_000 } = options;
    this.kafka = createKafka({ brokers, clientId: `huiliu.${prefix}`, log, requestTimeoutMs, sockets });
    this.topics = new Topics(this.kafka);
    this.producer = new OrderedProducer({
      producer: createProducer(this.kafka),
      ensure: (names) => this.ensure(names),
      followed: (topic) => this.own.follows(topic),
      acknowledged: (topic, partition, records) => this.acknowledged(topic, partition, records),
      metrics: deps.metrics,
      warn: deps.warn,
      giveUpAfterMs: options.giveUpAfterMs ?? 30_000,
    });
    this.signals = new SignalLine({
      send: (value) => this.producer.sendLoosely({ topic: SIGNALS.name, key: 'signal', value }),
      follow: (onRaw) =>
        this.follow(SIGNALS, 'end', (_, records) => {
          onRaw(records);
          return true;
        }),
      warn: deps.warn,
    });
  }

  async publish(records: readonly BusRecord[]): Promise<void> {
    for (const { topic } of records) rememberTopic(topic);
    await this.producer.send(
      records.map(({ topic, envelope }) => ({ topic: topic.name, key: envelope.key, value: JSON.stringify(envelope) })),
    );
  }

  subscribe(topic: TopicSpec, options: SubscriptionOptions, handler: BatchHandler): void {
    this.subscriptions.add(topic, options, handler);
  }

  async tail<T = unknown>(
    topic: TopicSpec,
    from: TailStart,
    onRecords: (records: readonly TailRecord<T>[]) => void,
    options: TailOptions = {},
  ): Promise<Tail> {
    const recent = new RecentIds();
    this.own.follow(topic.name);
    // A batch whose answer was lost is in the topic twice.
    const isNew = (id: string): boolean => recent.add(id) || breaks('tail-doubles');
    const take = (partition: number, raw: readonly RawRecord[]): boolean => {
      const records: TailRecord<T>[] = [];
      let others = false;
      for (const each of raw) {
        const known = each.envelope === undefined ? this.own.recognise(each) : each;
        if (known.envelope === undefined) others = true;
        const passed = passedRecord<T>(topic, partition, each, options);
        const record = passed ?? tailRecord<T>(topic, partition, known, this.options.deps);
        if (record !== null && isNew(passed === null ? record.envelope.id : passed.id)) records.push(record);
      }
      if (records.length > 0) onRecords(records);
      return others;
    };
    return this.follow(topic, from, take, options);
  }

  async generation(topic: TopicSpec): Promise<string> {
    rememberTopic(topic);
    await this.topics.ensure([topic]);
    return this.topics.generation(topic.name);
  }

  signal(signal: unknown): void {
    this.signals.send(signal);
  }

  onSignal(listener: (signal: unknown) => void): () => void {
    return this.signals.listen(listener);
  }

  async start(): Promise<void> {
    const { deps, handled, prefix, relay } = this.options;
    const all = this.subscriptions.close(prefix, deps.db, deps.parked);
    const groups = [...new Set(all.map((subscription) => subscription.group))];
    this.consumers = groups.map((group) => {
      const subscriptions = all.filter((subscription) => subscription.group === group);
      return new GroupConsumer({ kafka: this.kafka, topics: this.topics, deps, handled, group, subscriptions });
    });
    relay.start((records: readonly OutboxRecord[]) =>
      this.own.whileSending(records, () => this.producer.send(records)),
    );
    for (const consumer of this.consumers) consumer.start();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, START_AT_MOST_MS);
    });
    await Promise.race([Promise.all(this.consumers.map((consumer) => consumer.tried)), late]);
    clearTimeout(timer);
  }

  stop(timeoutMs: number): Promise<void> {
    this.stopping ??= this.end(timeoutMs);
    return this.stopping;
  }

  trouble(): string | null {
    for (const consumer of this.consumers) {
      const trouble = consumer.trouble();
      if (trouble !== null) return trouble;
    }
    return this.producer.trouble() ?? this.options.relay.trouble();
  }

  private async end(timeoutMs: number): Promise<void> {
    const until = performance.now() + timeoutMs;
    await Promise.all([
      this.signals.close(),
      ...this.consumers.map((consumer) => consumer.stop(timeoutMs)),
      ...[...this.tails].map((tail) => tail.close()),
    ]);
    await this.options.relay.stop(Math.max(500, (until - performance.now()) / 2));
    await this.producer.close(Math.max(500, until - performance.now()));
    await this.topics.close();
  }

  /** Records of this process's own lie in a topic that it reads: its readers need not wait for a fetch. */
  private acknowledged(topic: string, partition: number, records: readonly RawRecord[]): void {
    for (const tail of this.tails) if (tail.topic.name === topic) tail.acknowledged(partition, records);
  }

  private async follow(topic: TopicSpec, from: TailStart, onRaw: OnRaw, options: TailOptions = {}): Promise<KafkaTail> {
    rememberTopic(topic);
    const { deps, prefix, relay } = this.options;
    const tailDeps: KafkaTailDeps = {
      kafka: this.kafka,
      topics: this.topics,
      timing: deps.timing,
      prefix,
      alone: () => relay.alone,
      warn: deps.warn,
    };
    const guarded: OnRaw = (partition, records) => {
      try {
        return onRaw(partition, records);
      } catch (error) {
        deps.warn(`a reader of ${topic.name} failed: ${String(error)}`);
        return true;
      }
    };
    const tail = await KafkaTail.open(tailDeps, topic, from, guarded, options);
    this.tails.add(tail);
    return tail;
  }

  private async ensure(names: readonly string[]): Promise<void> {
    const unknown = names.filter((name) => !this.topics.knows(name));
    if (unknown.length === 0) return;
    await this.topics.ensure(unknown.map((name) => specOf(name)).filter((spec) => spec !== undefined));
  }
}
