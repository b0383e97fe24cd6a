import type { Place } from './ring-file';

/** What is known of a record in the ring without reading it. */
export interface Slot {
  readonly index: number;
  readonly partition: number;
  readonly offset: bigint;
  readonly occurredAtMs: number;
  readonly key: string;
  /** Bytes of its text in memory, at most. */
  readonly size: number;
}

const FIRST_ROOM = 1024;
/** A record in memory. */
const NOWHERE = -1;

/** The columns of so many records. */
class Columns {
  readonly offsets: BigInt64Array;
  readonly times: Float64Array;
  readonly partitions: Int32Array;
  readonly sizes: Uint32Array;
  readonly keys: string[];
  /** Where a text lies in the files: which part, from where on, and how much. */
  readonly parts: Int32Array;
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;

  constructor(readonly room: number) {
    this.offsets = new BigInt64Array(room);
    this.times = new Float64Array(room);
    this.partitions = new Int32Array(room);
    this.sizes = new Uint32Array(room);
    this.keys = new Array<string>(room).fill('');
    this.parts = new Int32Array(room);
    this.starts = new Uint32Array(room);
    this.lengths = new Uint32Array(room);
  }

  copy(from: Columns, source: number, target: number): void {
    this.offsets[target] = from.offsets[source]!;
    this.times[target] = from.times[source]!;
    this.partitions[target] = from.partitions[source]!;
    this.sizes[target] = from.sizes[source]!;
    this.keys[target] = from.keys[source]!;
    this.parts[target] = from.parts[source]!;
    this.starts[target] = from.starts[source]!;
    this.lengths[target] = from.lengths[source]!;
  }
}

/**
 * What stays in memory of each of a ring's records, in columns: 44 bytes besides the key, where an object for each takes some 200.
 * A record lies at its index, modulo the room; the room doubles when it is full, and halves when three quarters of it are empty.
 */
export class RingIndex {
  private columns = new Columns(FIRST_ROOM);
  private firstIndex = 1;
  private count = 0;

  get size(): number {
    return this.count;
  }

  get first(): number {
    return this.firstIndex;
  }

  get last(): number {
    return this.firstIndex + this.count - 1;
  }

  /** Takes a record behind the last one, in memory. */
  push({ partition, offset, occurredAtMs, key, size }: Omit<Slot, 'index'>): void {
    if (this.count === this.columns.room) this.move(2 * this.columns.room);
    const { columns } = this;
    const before = columns.keys[this.at(this.last)]!;
    this.count++;
    const at = this.at(this.last);
    columns.offsets[at] = offset;
    columns.times[at] = occurredAtMs;
    columns.partitions[at] = partition;
    columns.sizes[at] = size;
    // Facts of one conversation follow each other: their keys are the same, but not the same string.
    columns.keys[at] = key === before ? before : key;
    columns.parts[at] = NOWHERE;
  }

  /** Forgets the first record. */
  shift(): void {
    this.columns.keys[this.at(this.firstIndex)] = '';
    this.firstIndex++;
    this.count--;
    const { room } = this.columns;
    if (room > FIRST_ROOM && this.count <= room / 4) this.move(room / 2);
  }

  slot(index: number): Slot {
    const { columns } = this;
    const at = this.at(index);
    return {
      index,
      partition: columns.partitions[at]!,
      offset: columns.offsets[at]!,
      occurredAtMs: columns.times[at]!,
      key: columns.keys[at]!,
      size: columns.sizes[at]!,
    };
  }

  occurredAtMs(index: number): number {
    return this.columns.times[this.at(index)]!;
  }

  key(index: number): string {
    return this.columns.keys[this.at(index)]!;
  }

  sizeOf(index: number): number {
    return this.columns.sizes[this.at(index)]!;
  }

  /** Where a record's text lies in the files; null while it is in memory. */
  place(index: number): Place | null {
    const { columns } = this;
    const at = this.at(index);
    const part = columns.parts[at]!;
    return part === NOWHERE ? null : { part, at: columns.starts[at]!, bytes: columns.lengths[at]! };
  }

  layDown(index: number, { part, at: start, bytes }: Place): void {
    const { columns } = this;
    const at = this.at(index);
    columns.parts[at] = part;
    columns.starts[at] = start;
    columns.lengths[at] = bytes;
  }

  private at(index: number): number {
    return index & (this.columns.room - 1);
  }

  private move(room: number): void {
    const columns = new Columns(room);
    for (let index = this.firstIndex; index <= this.last; index++)
      columns.copy(this.columns, this.at(index), index & (room - 1));
    this.columns = columns;
  }
}
