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

/** How a generation is written in a position: short, and the same in every process. */
export function generationMark(generation: string): string {
  return createHash('sha256').update(generation).digest('hex').slice(0, 16);
}

function pushVarint(bytes: number[], value: bigint): void {
  let rest = value;
  while (rest >= 128n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
}

/** Writes a position as opaque text (base64url): what clients hand back to `resume`. */
export function encodePosition(mark: string, instance: number, startedAtMs: number, positions: Positions): string {
  const bytes: number[] = [VERSION];
  for (let i = 0; i < 16; i += 2) bytes.push(parseInt(mark.slice(i, i + 2), 16));
  pushVarint(bytes, BigInt(instance));
  pushVarint(bytes, BigInt(startedAtMs));
  pushVarint(bytes, BigInt(positions.size));
  for (const [partition, offset] of positions) {
    pushVarint(bytes, BigInt(partition));
    pushVarint(bytes, offset);
  }
  return Buffer.from(bytes).toString('base64url');
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
