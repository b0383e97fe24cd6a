import { Kafka, logLevel, type Consumer } from 'kafkajs';

/** A record as the broker keeps it. */
export interface KeptRecord {
  readonly partition: number;
  readonly offset: number;
  /** When the broker took it (these topics keep the broker's time), ms. */
  readonly appendedMs: number;
  readonly value: Buffer;
}

const QUIET_MS = 20_000;

/** Follows a topic from its end on and keeps what comes: what is durable on the bus is counted by reading the bus. */
export class TopicReader {
  private kept: KeptRecord[] = [];
  private counted = 0;
  private lastMs = Date.now();
  private readonly waiting = new Set<() => void>();

  private constructor(
    private readonly consumer: Consumer,
    private readonly counts: (value: Buffer) => boolean,
    private readonly from: ReadonlyMap<number, number>,
  ) {}

  /** `counts` tells which records `waitFor` waits for; `from`: where each partition is read from, its beginning unless given. */
  static async open(
    brokers: string,
    topic: string,
    counts: (value: Buffer) => boolean,
    from: ReadonlyMap<number, number> = new Map(),
  ): Promise<TopicReader> {
    const consumer = benchKafka(brokers).consumer({
      groupId: `bench-reader-${topic}-${process.pid}`,
      maxWaitTimeInMs: 100,
      sessionTimeout: 60_000,
    });
    const reader = new TopicReader(consumer, counts, from);
    const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: 4,
      eachBatch: ({ batch }) => {
        for (const { offset, timestamp, value } of batch.messages)
          if (value !== null)
            reader.take({ partition: batch.partition, offset: Number(offset), appendedMs: Number(timestamp), value });
        return Promise.resolve();
      },
    });
    for (const [partition, offset] of from) consumer.seek({ topic, partition, offset: String(offset) });
    await joined;
    return reader;
  }

  /** Forgets what was kept. */
  begin(): void {
    this.kept = [];
    this.counted = 0;
    this.lastMs = Date.now();
  }

  /** Resolves to true with the `count`th record that counts; to false when for 20 s nothing has come. */
  async waitFor(count: number): Promise<boolean> {
    while (this.counted < count) {
      if (Date.now() - this.lastMs > QUIET_MS) return false;
      await new Promise<void>((resolve) => {
        const end = (): void => {
          clearTimeout(timer);
          this.waiting.delete(end);
          resolve();
        };
        const timer = setTimeout(end, 1000);
        this.waiting.add(end);
      });
    }
    return true;
  }

  /** What has come since `begin`, by partition and offset. */
  records(): readonly KeptRecord[] {
    return [...this.kept].sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  }

  async close(): Promise<void> {
    await this.consumer.disconnect();
  }

  private take(record: KeptRecord): void {
    if (record.offset < (this.from.get(record.partition) ?? 0)) return;
    this.kept.push(record);
    this.lastMs = Date.now();
    if (!this.counts(record.value)) return;
    this.counted++;
    if (this.counted % 500 === 0 || this.waiting.size > 0) for (const wake of [...this.waiting]) wake();
  }
}

/** Where each partition of a topic ends now. */
export async function endsOf(brokers: string, topic: string): Promise<ReadonlyMap<number, number>> {
  const admin = benchKafka(brokers).admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
  } finally {
    await admin.disconnect();
  }
}

/** What has come to a topic since `from` until now, read in one go: a reader that follows takes cores from what is measured. */
export async function readSince(
  brokers: string,
  topic: string,
  from: ReadonlyMap<number, number>,
): Promise<readonly KeptRecord[]> {
  const ends = await endsOf(brokers, topic);
  let missing = 0;
  for (const [partition, end] of ends) missing += end - (from.get(partition) ?? 0);
  const reader = await TopicReader.open(brokers, topic, () => true, from);
  try {
    if (!(await reader.waitFor(missing))) throw new Error(`${topic} could not be read back`);
    return reader.records().filter(({ partition, offset }) => offset < (ends.get(partition) ?? 0));
  } finally {
    await reader.close();
  }
}

/** The harness's own client, quiet about a broker that has just begun. */
export function benchKafka(brokers: string): Kafka {
  return new Kafka({ clientId: 'bench', brokers: brokers.split(','), logLevel: logLevel.NOTHING });
}

const TYPE_AT = '{"id":"01234567890123456789012345","type":"'.length;

/** Whether an envelope's bytes say a type, without parsing: an envelope begins with its id and type. */
export function isOfType(type: string): (value: Buffer) => boolean {
  const bytes = Buffer.from(`${type}"`);
  return (value) => value.subarray(TYPE_AT, TYPE_AT + bytes.length).equals(bytes);
}
