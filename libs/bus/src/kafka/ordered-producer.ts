import type { Message, Producer, RecordMetadata } from 'kafkajs';
import { Pace } from '../engine/pace';
import type { RawRecord } from '../engine/record';
import type { BusMetrics } from '../metrics';

/** A record as it goes over the wire; `envelope`: what its value was made of, where that is at hand. */
export interface WireRecord {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
  readonly envelope?: unknown;
}

/** The same with its value in bytes: encoded once, for its length and for every time it is sent. */
interface EncodedRecord {
  readonly topic: string;
  readonly key: string;
  readonly value: Buffer;
  readonly envelope?: unknown;
}

/** What one caller waits for: durable when all its pieces are. */
interface Call {
  readonly deadlineMs: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  open: number;
  failed: boolean;
}

/** As much of a call as the broker takes at once. */
interface Piece {
  readonly call: Call;
  readonly records: readonly EncodedRecord[];
  readonly bytes: number;
}

export interface OrderedProducerOptions {
  readonly producer: Producer;
  /** Makes the topics that are not there yet. */
  readonly ensure: (topics: readonly string[]) => Promise<void>;
  /** Told where records of a topic that `followed` says yes to lie, by partition and in order, when the broker has them. */
  readonly acknowledged: (topic: string, partition: number, records: readonly RawRecord[]) => void;
  readonly followed: (topic: string) => boolean;
  readonly metrics: BusMetrics;
  readonly warn: (message: string) => void;
  /** A call that is not durable after so long fails; its records may have been written all the same. */
  readonly giveUpAfterMs: number;
}

/** Below the broker's limit for what one batch of a partition holds (1 MiB): all that goes at once may be for one partition. */
const MOST_BYTES = 900_000;
const MOST_RECORDS = 5_000;
/** What a record takes besides its key and value, without headers; rounded up. */
const FRAME_BYTES = 70;
/** Batches begin at least so far apart, unless so many calls wait: one at a time for each message takes the cores from what comes behind. */
const APART_MS = 5;
const MANY_CALLS = 32;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/** Too much at once for this broker, whose limit may be lower than ours: less may go. */
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

/** What is wrong with the records themselves: repeating does not help. */
const PERMANENT = new Set([...TOO_LARGE, 'INVALID_RECORD', 'INVALID_TOPIC_EXCEPTION', 'TOPIC_AUTHORIZATION_FAILED']);

/**
 * Sends records in the order of the calls: calls that wait together go as one batch, a call that is too long for one goes in several; one
 * batch is on its way at a time, and it is repeated whole until it is answered. A batch whose answer was lost is thereby in the topic twice,
 * in order; consumers recognise the second by its ids. Of a call that failed nothing more is sent.
 */
export class OrderedProducer {
  private queue: Piece[] = [];
  private sending: Promise<void> | null = null;
  private connecting: Promise<void> | null = null;
  private readonly pace = new Pace();
  private failing: string | null = null;
  private closed = false;

  constructor(private readonly options: OrderedProducerOptions) {}

  /** Resolves when all records are in all in-sync replicas. */
  send(records: readonly WireRecord[]): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    if (this.closed) return Promise.reject(new Error('the bus is stopped'));
    const parts = cut(records);
    return new Promise<void>((resolve, reject) => {
      const deadlineMs = performance.now() + this.options.giveUpAfterMs;
      const call: Call = { deadlineMs, resolve, reject, open: parts.length, failed: false };
      for (const part of parts) this.queue.push({ call, ...part });
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
    while (this.queue.length > 0) {
      const waitMs = this.queue.length < MANY_CALLS ? this.pace.waitMs(APART_MS) : 0;
      if (waitMs > 0) await new Promise<void>((resolve) => setTimeout(resolve, Math.ceil(waitMs)));
      this.pace.begin();
      await this.deliver(this.takeTogether());
    }
    this.sending = null;
  }

  private takeTogether(): Piece[] {
    let bytes = 0;
    let records = 0;
    let count = 0;
    for (const piece of this.queue) {
      bytes += piece.bytes;
      records += piece.records.length;
      if (count > 0 && (bytes > MOST_BYTES || records > MOST_RECORDS)) break;
      count++;
    }
    return this.queue.splice(0, count);
  }

  private async deliver(batch: readonly Piece[]): Promise<void> {
    let pieces = batch.filter(({ call }) => !call.failed);
    for (let pauseMs = FIRST_PAUSE_MS; pieces.length > 0; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        await this.sendOnce(pieces.flatMap((piece) => piece.records));
        this.failing = null;
        for (const { call } of pieces) if (--call.open === 0) call.resolve();
        return;
      } catch (error) {
        if (hasType(error, PERMANENT)) return this.deliverSeparately(pieces, error);
        if (this.failing === null) this.options.warn(`publishing fails, will be repeated: ${String(error)}`);
        this.failing = `publishing fails: ${error instanceof Error ? error.message : String(error)}`;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        const now = performance.now();
        for (const { call } of pieces) if (call.deadlineMs <= now || this.closed) fail(call, error);
        pieces = pieces.filter(({ call }) => !call.failed);
      }
    }
  }

  /** Some of it cannot be sent: the rest goes without it, in order. */
  private async deliverSeparately(pieces: readonly Piece[], error: unknown): Promise<void> {
    if (pieces.length > 1) {
      for (const piece of pieces) await this.deliver([piece]);
      return;
    }
    const { call, records } = pieces[0]!;
    if (records.length === 1 || !hasType(error, TOO_LARGE)) return fail(call, error);
    const half = records.length >> 1;
    call.open++;
    for (const part of [records.slice(0, half), records.slice(half)])
      await this.deliver([{ call, records: part, bytes: 0 }]);
  }

  private async sendOnce(records: readonly EncodedRecord[]): Promise<void> {
    const byTopic = new Map<string, { topic: string; messages: Message[]; records: EncodedRecord[] }>();
    for (const record of records) {
      const { topic, key, value } = record;
      const given = byTopic.get(topic) ?? { topic, messages: [], records: [] };
      if (given.messages.length === 0) byTopic.set(topic, given);
      given.messages.push({ key, value });
      given.records.push(record);
    }
    await this.connect();
    await this.options.ensure([...byTopic.keys()]);
    const startedMs = performance.now();
    const topicMessages = [...byTopic.values()];
    const answers = await this.options.producer.sendBatch({ acks: -1, topicMessages });
    for (const given of topicMessages) if (this.options.followed(given.topic)) this.tellPlaces(given, answers);
    this.options.metrics.published(records.length, (performance.now() - startedMs) / 1000);
  }

  /** The broker answers with the first offset of each partition; which message went to which, our partitioner has noted (`partitioner.ts`). */
  private tellPlaces(
    { topic, messages, records }: { topic: string; messages: readonly Message[]; records: readonly EncodedRecord[] },
    answers: readonly RecordMetadata[],
  ): void {
    const timestampMs = Date.now();
    for (const { topicName, partition, baseOffset } of answers) {
      if (topicName !== topic || baseOffset === undefined) continue;
      let offset = BigInt(baseOffset);
      const lying = records.filter((_, i) => messages[i]!.partition === partition);
      this.options.acknowledged(
        topic,
        partition,
        lying.map(({ key, value, envelope }) => ({ offset: String(offset++), key, value, timestampMs, envelope })),
      );
    }
  }

  private connect(): Promise<void> {
    this.connecting ??= this.options.producer.connect().catch((error: unknown) => {
      this.connecting = null;
      throw error;
    });
    return this.connecting;
  }
}

/** A call's records in pieces, in order. */
function cut(records: readonly WireRecord[]): { records: readonly EncodedRecord[]; bytes: number }[] {
  const pieces: { records: readonly EncodedRecord[]; bytes: number }[] = [];
  let piece: EncodedRecord[] = [];
  let bytes = 0;
  for (const { topic, key, value: text, envelope } of records) {
    const value = Buffer.from(text);
    const size = value.length + Buffer.byteLength(key) + FRAME_BYTES;
    if (piece.length > 0 && (bytes + size > MOST_BYTES || piece.length >= MOST_RECORDS)) {
      pieces.push({ records: piece, bytes });
      piece = [];
      bytes = 0;
    }
    piece.push({ topic, key, value, envelope });
    bytes += size;
  }
  pieces.push({ records: piece, bytes });
  return pieces;
}

function fail(call: Call, error: unknown): void {
  call.failed = true;
  call.reject(error);
}

function hasType(error: unknown, types: ReadonlySet<string>): boolean {
  for (let cause = error, depth = 0; typeof cause === 'object' && cause !== null && depth < 5; depth++) {
    if ('type' in cause && typeof cause.type === 'string' && types.has(cause.type)) return true;
    cause = 'cause' in cause ? cause.cause : null;
  }
  return false;
}
