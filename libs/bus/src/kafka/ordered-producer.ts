import type { Producer, TopicMessages } from 'kafkajs';
import type { BusMetrics } from '../metrics';

/** A record as it goes over the wire. */
export interface WireRecord {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
}

interface Call {
  readonly records: readonly WireRecord[];
  readonly bytes: number;
  readonly deadlineMs: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface OrderedProducerOptions {
  readonly producer: Producer;
  /** Makes the topics that are not there yet. */
  readonly ensure: (topics: readonly string[]) => Promise<void>;
  readonly metrics: BusMetrics;
  readonly warn: (message: string) => void;
  /** A call that is not durable after so long fails; its records may have been written all the same. */
  readonly giveUpAfterMs: number;
}

/** Below the broker's limit for what one batch of a partition holds (1 MiB). */
const MOST_BYTES = 900_000;
const MOST_RECORDS = 5_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/** What is wrong with the records themselves: repeating does not help. */
const PERMANENT = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TOPIC_EXCEPTION',
  'TOPIC_AUTHORIZATION_FAILED',
]);

/**
 * Sends records in the order of the calls: calls that wait together go as one batch, one batch is on its way at a time, and it is
 * repeated whole until it is answered. A batch whose answer was lost is thereby in the topic twice, in order; consumers recognise
 * the second by its ids.
 */
export class OrderedProducer {
  private queue: Call[] = [];
  private sending: Promise<void> | null = null;
  private connecting: Promise<void> | null = null;
  private failing: string | null = null;
  private closed = false;

  constructor(private readonly options: OrderedProducerOptions) {}

  /** Resolves when all records are in all in-sync replicas. */
  send(records: readonly WireRecord[]): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    if (this.closed) return Promise.reject(new Error('the bus is stopped'));
    let bytes = 0;
    for (const record of records) bytes += sizeOf(record);
    return new Promise<void>((resolve, reject) => {
      this.queue.push({ records, bytes, deadlineMs: performance.now() + this.options.giveUpAfterMs, resolve, reject });
      this.sending ??= this.run();
    });
  }

  /** Sends without order and without waiting for replicas; loses it when the broker is out of reach. */
  async sendLoosely(record: WireRecord): Promise<void> {
    if (this.closed || this.failing !== null) return;
    await this.connect();
    await this.options.ensure([record.topic]);
    await this.options.producer.send({
      topic: record.topic,
      acks: 1,
      messages: [{ key: record.key, value: record.value }],
    });
  }

  trouble(): string | null {
    return this.failing;
  }

  /** Takes no more and waits for what is on its way. */
  async close(timeoutMs: number): Promise<void> {
    this.closed = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([this.sending, late]);
    clearTimeout(timer);
    if (this.connecting) await this.options.producer.disconnect();
  }

  private async run(): Promise<void> {
    // What this turn of the event loop still brings goes along.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.queue.length > 0) await this.deliver(this.takeTogether());
    this.sending = null;
  }

  private takeTogether(): Call[] {
    let bytes = 0;
    let records = 0;
    let count = 0;
    for (const call of this.queue) {
      bytes += call.bytes;
      records += call.records.length;
      if (count > 0 && (bytes > MOST_BYTES || records > MOST_RECORDS)) break;
      count++;
    }
    return this.queue.splice(0, count);
  }

  private async deliver(batch: readonly Call[]): Promise<void> {
    let calls = [...batch];
    for (let pauseMs = FIRST_PAUSE_MS; calls.length > 0; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        await this.sendOnce(calls.flatMap((call) => call.records));
        this.failing = null;
        for (const call of calls) call.resolve();
        return;
      } catch (error) {
        if (isPermanent(error)) return this.deliverSeparately(calls, error);
        if (this.failing === null) this.options.warn(`publishing fails, will be repeated: ${String(error)}`);
        this.failing = `publishing fails: ${error instanceof Error ? error.message : String(error)}`;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        const now = performance.now();
        for (const call of calls) if (call.deadlineMs <= now || this.closed) call.reject(error);
        calls = calls.filter((call) => call.deadlineMs > now && !this.closed);
      }
    }
  }

  /** One of the calls cannot be sent: the others go alone, in order. */
  private async deliverSeparately(calls: readonly Call[], error: unknown): Promise<void> {
    if (calls.length === 1) return calls[0]!.reject(error);
    for (const call of calls) await this.deliver([call]);
  }

  private async sendOnce(records: readonly WireRecord[]): Promise<void> {
    const byTopic = new Map<string, TopicMessages>();
    for (const { topic, key, value } of records) {
      const messages = byTopic.get(topic)?.messages;
      if (messages) messages.push({ key, value });
      else byTopic.set(topic, { topic, messages: [{ key, value }] });
    }
    await this.connect();
    await this.options.ensure([...byTopic.keys()]);
    const startedMs = performance.now();
    await this.options.producer.sendBatch({ acks: -1, topicMessages: [...byTopic.values()] });
    this.options.metrics.published(records.length, (performance.now() - startedMs) / 1000);
  }

  private connect(): Promise<void> {
    this.connecting ??= this.options.producer.connect().catch((error: unknown) => {
      this.connecting = null;
      throw error;
    });
    return this.connecting;
  }
}

const sizeOf = (record: WireRecord): number =>
  (record.key.length + record.value.length) * 3 > MOST_BYTES
    ? Buffer.byteLength(record.value) + 1_200
    : record.value.length + record.key.length + 70;

function isPermanent(error: unknown): boolean {
  for (let cause = error, depth = 0; typeof cause === 'object' && cause !== null && depth < 5; depth++) {
    if ('type' in cause && typeof cause.type === 'string' && PERMANENT.has(cause.type)) return true;
    cause = 'cause' in cause ? cause.cause : null;
  }
  return false;
}
