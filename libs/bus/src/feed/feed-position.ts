import { createHash } from 'node:crypto';

/** Partition → offset of the last record seen there. */
export type Positions = ReadonlyMap<number, bigint>;

/** Which reader of a topic issued a position, and of which life of the topic. */
export interface FeedOrigin {
  /** Names the topic's life, as `MessageBus.generation` does. */
  readonly generation: string;
  /** Names the feed in this process; another after a restart. */
  readonly instance: number;
  readonly startedAtMs: number;
}

export interface DecodedPosition {
  /** First 8 bytes of the generation's hash, hex. */
  readonly generation: string;
  readonly instance: number;
  readonly startedAtMs: number;
  readonly positions: Map<number, bigint>;
}

const VERSION = 1;
const MAX_LETTERS = 2048;
const MAX_PARTITIONS = 1024;
const MOST_EXACT = BigInt(Number.MAX_SAFE_INTEGER);
/** Bytes of a varint of 64 bits. */
const MOST_VARINT = 10;

/** How a generation is written in a position: short, and the same in every process. */
export function generationMark(generation: string): string {
  return createHash('sha256').update(generation).digest('hex').slice(0, 16);
}

/** Appends an offset, or a time, as a varint; numbers that are exact are not counted down as BigInts. */
function pushVarint(bytes: number[], value: bigint): void {
  let big = value;
  for (; big > MOST_EXACT; big >>= 7n) bytes.push(Number(big & 127n) | 128);
  let rest = Number(big);
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
}

/**
 * Writes the positions of one reader as it moves on, each as opaque text (base64url): what clients hand back to `resume`. Every record of a feed
 * has one, so only what has moved is written anew.
 */
export class PositionWriter {
  private readonly head: number[] = [VERSION];
  /** Each partition with its offset, as they are written. */
  private readonly partitions = new Map<number, { readonly bytes: number[]; readonly name: number }>();
  private bytes = Buffer.alloc(64);

  constructor(mark: string, instance: number, startedAtMs: number) {
    this.head.push(...Buffer.from(mark, 'hex').subarray(0, 8));
    pushVarint(this.head, BigInt(instance));
    pushVarint(this.head, BigInt(startedAtMs));
  }

  move(partition: number, offset: bigint): void {
    let place = this.partitions.get(partition);
    if (place === undefined) {
      const bytes: number[] = [];
      pushVarint(bytes, BigInt(partition));
      this.partitions.set(partition, (place = { bytes, name: bytes.length }));
    }
    place.bytes.length = place.name;
    pushVarint(place.bytes, offset);
  }

  text(): string {
    const most = this.head.length + MOST_VARINT * (1 + 2 * this.partitions.size);
    if (this.bytes.length < most) this.bytes = Buffer.alloc(2 * most);
    const count: number[] = [];
    pushVarint(count, BigInt(this.partitions.size));
    let at = this.put(count, this.put(this.head, 0));
    for (const { bytes } of this.partitions.values()) at = this.put(bytes, at);
    return this.bytes.toString('base64url', 0, at);
  }

  private put(some: readonly number[], from: number): number {
    for (let i = 0; i < some.length; i++) this.bytes[from + i] = some[i]!;
    return from + some.length;
  }
}

/** A position by itself. */
export function encodePosition(mark: string, instance: number, startedAtMs: number, positions: Positions): string {
  const writer = new PositionWriter(mark, instance, startedAtMs);
  for (const [partition, offset] of positions) writer.move(partition, offset);
  return writer.text();
}

class Reader {
  private at = 0;
  constructor(private readonly bytes: Buffer) {}

  take(count: number): Buffer {
    if (this.at + count > this.bytes.length) throw new RangeError('truncated');
    return this.bytes.subarray(this.at, (this.at += count));
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift <= 63n; shift += 7n) {
      const byte = this.take(1)[0] as number;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new RangeError('number too long');
  }

  get done(): boolean {
    return this.at === this.bytes.length;
  }
}

/** Reads a position; null for anything that no feed has written. */
export function decodePosition(text: string): DecodedPosition | null {
  if (text.length > MAX_LETTERS || !/^[A-Za-z0-9_-]+$/.test(text)) return null;
  const bytes = Buffer.from(text, 'base64url');
  try {
    const reader = new Reader(bytes);
    if (reader.take(1)[0] !== VERSION) return null;
    const generation = reader.take(8).toString('hex');
    const instance = Number(reader.varint());
    const startedAtMs = Number(reader.varint());
    const count = Number(reader.varint());
    if (count > MAX_PARTITIONS) return null;
    const positions = new Map<number, bigint>();
    for (let i = 0; i < count; i++) positions.set(Number(reader.varint()), reader.varint());
    return reader.done && positions.size === count ? { generation, instance, startedAtMs, positions } : null;
  } catch {
    return null;
  }
}
