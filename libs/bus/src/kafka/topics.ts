import { randomBytes } from 'node:crypto';
import type { TopicSpec } from '@huiliu/contracts';
import {
  ConfigResourceTypes,
  KafkaJSNonRetriableError,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSProtocolError,
  type Admin,
  type IResourceConfigEntry,
  type Kafka,
} from 'kafkajs';

/**
 * Names a topic's life. Its topic id is not among what this client can ask for, so a random number is put where it is kept with
 * the topic, made with it and deleted with it, and has no effect: `flush.ms`, whose default is 2^63-1 (never flush by time), gets
 * a value between 2^62 and 2^63, which is never just as well.
 */
const LIFE_CONFIG = 'flush.ms';
const LEAST_LIFE = 1n << 62n;

const newLife = (): string => (LEAST_LIFE + (randomBytes(8).readBigUInt64BE() >> 2n)).toString();
const isLife = (value: string): boolean =>
  /^\d+$/.test(value) && BigInt(value) >= LEAST_LIFE && BigInt(value) < (1n << 63n) - 1n;

/** How far a partition reaches: `high` is the offset that the next record gets. */
export interface PartitionRange {
  readonly partition: number;
  readonly low: bigint;
  readonly high: bigint;
}

/** Makes topics as their specs say and answers what the broker knows of them. */
export class Topics {
  private readonly admin: Admin;
  private connecting: Promise<void> | null = null;
  private readonly made = new Map<string, Promise<void>>();

  constructor(kafka: Kafka) {
    this.admin = kafka.admin({ retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 1_000 } });
  }

  /** Resolves when all topics exist. Each is looked for once. */
  async ensure(specs: readonly TopicSpec[]): Promise<void> {
    const missing = specs.filter((spec) => !this.made.has(spec.name));
    if (missing.length > 0) {
      const making = this.make(missing);
      for (const { name } of missing) {
        const made = making.catch((error: unknown) => {
          if (this.made.get(name) === made) this.made.delete(name);
          throw error;
        });
        // Who asked for another topic may have thrown before coming to this one.
        made.catch(() => undefined);
        this.made.set(name, made);
      }
    }
    for (const spec of specs) await this.made.get(spec.name);
  }

  /** True where nothing needs to be asked. */
  knows(name: string): boolean {
    return this.made.has(name);
  }

  async ranges(topic: string): Promise<PartitionRange[]> {
    await this.connect();
    const offsets = await patiently(() => this.admin.fetchTopicOffsets(topic));
    return offsets.map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) }));
  }

  /** The first offsets of records not older than a time; the end of the partition where there are none. */
  async offsetsSince(topic: string, timestampMs: number): Promise<Map<number, bigint>> {
    await this.connect();
    const offsets = await patiently(() => this.admin.fetchTopicOffsetsByTimestamp(topic, timestampMs));
    return new Map(
      offsets.filter(({ offset }) => BigInt(offset) >= 0n).map(({ partition, offset }) => [partition, BigInt(offset)]),
    );
  }

  /** Another text for each life of the topic: see `LIFE_CONFIG`. A topic that somebody else made gets one now. */
  async generation(topic: string): Promise<string> {
    const known = await this.life(topic);
    if (isLife(known.value)) return BigInt(known.value).toString(36);
    const entries = known.entries.filter((entry) => !entry.isDefault && entry.configName !== LIFE_CONFIG);
    await this.admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: ConfigResourceTypes.TOPIC,
          name: topic,
          configEntries: [
            ...entries.map(({ configName, configValue }) => ({ name: configName, value: configValue })),
            { name: LIFE_CONFIG, value: newLife() },
          ],
        },
      ],
    });
    // Another process may have been at it, too: what is stored now counts.
    return BigInt((await this.life(topic)).value).toString(36);
  }

  async close(): Promise<void> {
    if (this.connecting) await this.admin.disconnect();
  }

  private connect(): Promise<void> {
    this.connecting ??= this.admin.connect().catch((error: unknown) => {
      this.connecting = null;
      throw error;
    });
    return this.connecting;
  }

  private async life(topic: string): Promise<{
    value: string;
    entries: (IResourceConfigEntry & { configName: string; configValue: string; isDefault: boolean })[];
  }> {
    await this.connect();
    const { resources } = await patiently(() =>
      this.admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
      }),
    );
    const entries = (resources[0]?.configEntries ?? []).map((entry) => ({
      ...entry,
      name: entry.configName,
      value: entry.configValue,
    }));
    return { value: entries.find((entry) => entry.configName === LIFE_CONFIG)?.configValue ?? '', entries };
  }

  private async make(specs: readonly TopicSpec[]): Promise<void> {
    await this.connect();
    const existing = new Set(await this.admin.listTopics());
    const missing = specs.filter((spec) => !existing.has(spec.name));
    if (missing.length === 0) return;
    const { brokers } = await this.admin.describeCluster();
    const replicas = Math.min(3, brokers.length);
    // False when another process made one of them meanwhile, which is as good.
    await patiently(() =>
      this.admin.createTopics({
        waitForLeaders: true,
        topics: missing.map((spec) => ({
          topic: spec.name,
          numPartitions: spec.partitions,
          replicationFactor: replicas,
          configEntries: configOf(spec, replicas),
        })),
      }),
    );
  }
}

/** A new topic's partitions are led a moment after it exists; until then the broker asked says that it is not the one. */
const SETTLING = new Set(['NOT_LEADER_FOR_PARTITION', 'LEADER_NOT_AVAILABLE', 'UNKNOWN_TOPIC_OR_PARTITION']);
const SETTLING_MS = 10_000;
const ASK_AGAIN_MS = 100;

async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const until = Date.now() + SETTLING_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isSettling(error) || Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  }
}

function isSettling(error: unknown): boolean {
  if (error instanceof KafkaJSNumberOfRetriesExceeded || error instanceof KafkaJSNonRetriableError)
    return isSettling(error.cause);
  return error instanceof KafkaJSProtocolError && SETTLING.has(error.type);
}

function configOf(spec: TopicSpec, replicas: number): IResourceConfigEntry[] {
  const entries: IResourceConfigEntry[] = [
    { name: 'cleanup.policy', value: spec.compacted ? 'compact' : 'delete' },
    // The broker's clock, so that offsets and times grow together.
    { name: 'message.timestamp.type', value: 'LogAppendTime' },
    { name: LIFE_CONFIG, value: newLife() },
  ];
  if (spec.retentionMs !== null) entries.push({ name: 'retention.ms', value: String(spec.retentionMs) });
  if (replicas >= 3) entries.push({ name: 'min.insync.replicas', value: '2' });
  return entries;
}
