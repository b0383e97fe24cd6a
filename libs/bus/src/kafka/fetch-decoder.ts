/** A record as the client hands it out. */
interface FetchedMessage {
  readonly magicByte: number;
  readonly attributes: number;
  readonly timestamp: string;
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: object;
  readonly isControlRecord: boolean;
  readonly batchContext: object;
}

interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  readonly lastStartOffset: string;
  readonly abortedTransactions: readonly never[];
  readonly preferredReadReplica: number;
  readonly messages: readonly FetchedMessage[];
}

/** What a Fetch of version 11 is answered, as the client reads it. */
interface FetchAnswer {
  readonly throttleTime: number;
  readonly clientSideThrottleTime: number;
  readonly errorCode: number;
  readonly sessionId: number;
  readonly responses: readonly { readonly topicName: string; readonly partitions: readonly FetchedPartition[] }[];
}

const MAGIC = 2;
/** Where a record batch says what it is, from its first byte on. */
const LENGTH = 8;
const LEADER_EPOCH = 12;
const MAGIC_AT = 16;
const ATTRIBUTES = 21;
const LAST_OFFSET_DELTA = 23;
const FIRST_TIMESTAMP = 27;
const MAX_TIMESTAMP = 35;
const PRODUCER_ID = 43;
const PRODUCER_EPOCH = 51;
const FIRST_SEQUENCE = 53;
const COUNT = 57;
const RECORDS = 61;
/** The client looks for another batch while so much is left. */
const LEAST_LEFT = 49;
/** The one attribute that is read here: times are the broker's. Others mean compression, a transaction or a mark of one. */
const APPEND_TIME = 0x8;
const NO_HEADERS: Readonly<Record<string, never>> = Object.freeze({});

/** What this does not read: the client does it itself. */
class Unknown extends Error {}

/**
 * The answer to a Fetch (version 11, record batches of magic 2) in one pass; null where it holds what is not read here: compression,
 * transactions, headers, older formats. The client's own makes several buffers, decoders and big integers for every record.
 */
export function decodeFetch(bytes: Buffer): FetchAnswer | null {
  try {
    return new FetchReader(bytes).answer();
  } catch (error) {
    if (error instanceof Unknown || error instanceof RangeError) return null;
    throw error;
  }
}

class FetchReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  answer(): FetchAnswer {
    // The broker has not waited: it leaves that to us.
    return {
      throttleTime: 0,
      clientSideThrottleTime: this.int32(),
      errorCode: this.int16(),
      sessionId: this.int32(),
      responses: this.list(() => ({ topicName: this.text(), partitions: this.list(() => this.partition()) })),
    };
  }

  private partition(): FetchedPartition {
    return {
      partition: this.int32(),
      errorCode: this.int16(),
      highWatermark: this.int64(),
      lastStableOffset: this.int64(),
      lastStartOffset: this.int64(),
      abortedTransactions: this.list((): never => {
        throw new Unknown();
      }),
      preferredReadReplica: this.int32(),
      messages: this.messages(),
    };
  }

  /** Batches one behind the other; the last one may be cut off, and is fetched again then. */
  private messages(): FetchedMessage[] {
    const { bytes } = this;
    const size = this.int32();
    const messages: FetchedMessage[] = [];
    if (size <= 0) return messages;
    const end = this.at + size;
    if (end > bytes.length) throw new Unknown();
    while (end - this.at >= LEAST_LEFT) {
      const from = this.at;
      const next = from + LEADER_EPOCH + bytes.readInt32BE(from + LENGTH);
      if (next > end) break;
      this.batch(from, messages);
      this.at = next;
    }
    this.at = end;
    return messages;
  }

  private batch(from: number, messages: FetchedMessage[]): void {
    const { bytes } = this;
    const attributes = bytes.readInt16BE(from + ATTRIBUTES);
    if (bytes[from + MAGIC_AT] !== MAGIC || (attributes & ~APPEND_TIME) !== 0) throw new Unknown();
    const firstOffset = exact(bytes.readBigInt64BE(from));
    const firstTimestamp = exact(bytes.readBigInt64BE(from + FIRST_TIMESTAMP));
    const isAppendTime = attributes === APPEND_TIME;
    const maxTimestamp = bytes.readBigInt64BE(from + MAX_TIMESTAMP).toString();
    const batchContext = {
      firstOffset: String(firstOffset),
      firstTimestamp: String(firstTimestamp),
      partitionLeaderEpoch: bytes.readInt32BE(from + LEADER_EPOCH),
      inTransaction: false,
      isControlBatch: false,
      lastOffsetDelta: bytes.readInt32BE(from + LAST_OFFSET_DELTA),
      producerId: bytes.readBigInt64BE(from + PRODUCER_ID).toString(),
      producerEpoch: bytes.readInt16BE(from + PRODUCER_EPOCH),
      firstSequence: bytes.readInt32BE(from + FIRST_SEQUENCE),
      maxTimestamp,
      timestampType: isAppendTime ? 1 : 0,
      magicByte: MAGIC,
    };
    this.at = from + RECORDS;
    for (let left = bytes.readInt32BE(from + COUNT); left > 0; left--) {
      const length = this.varint();
      const end = this.at + length;
      const recordAttributes = bytes.readInt8(this.at++);
      const delta = this.varint();
      const offset = String(firstOffset + this.varint());
      const key = this.field();
      const value = this.field();
      if (this.varint() > 0) throw new Unknown();
      this.at = end;
      messages.push({
        magicByte: MAGIC,
        attributes: recordAttributes,
        timestamp: isAppendTime ? maxTimestamp : String(firstTimestamp + delta),
        offset,
        key,
        value,
        headers: NO_HEADERS,
        isControlRecord: false,
        batchContext,
      });
    }
  }

  private field(): Buffer | null {
    const length = this.varint();
    return length < 0 ? null : this.bytes.subarray(this.at, (this.at += length));
  }

  /** Zigzag: 1 is -1, 2 is 1. */
  private varint(): number {
    const { bytes } = this;
    let byte = bytes[this.at++]!;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let value = byte & 0x7f;
    for (let factor = 0x80; byte >= 0x80; factor *= 0x80) {
      byte = bytes[this.at++]!;
      value += (byte & 0x7f) * factor;
    }
    if (!(value <= Number.MAX_SAFE_INTEGER)) throw new Unknown();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  private list<T>(read: () => T): T[] {
    const list: T[] = [];
    for (let left = this.int32(); left > 0; left--) list.push(read());
    return list;
  }

  private text(): string {
    const length = this.int16();
    if (length < 0) throw new Unknown();
    return this.bytes.toString('utf8', this.at, (this.at += length));
  }

  private int16(): number {
    const value = this.bytes.readInt16BE(this.at);
    this.at += 2;
    return value;
  }

  private int32(): number {
    const value = this.bytes.readInt32BE(this.at);
    this.at += 4;
    return value;
  }

  private int64(): string {
    const value = this.bytes.readBigInt64BE(this.at).toString();
    this.at += 8;
    return value;
  }
}

function exact(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new Unknown();
  return number;
}
