import type { RawRecord } from '../engine/record';
import { firstAfter } from './ascending';

/** A record of the log. Positions count over all topics; records read from memory are shared by all who read them. */
export interface LogRecord extends RawRecord {
  readonly n: number;
}

/** One who reads a topic on: what lies up to `position` was handed to them. */
export interface Reading {
  position: number;
}

/** So many of a topic's latest records are held for who does not keep up. */
const MOST = 4_000;
/** And no more than so many characters of them: a mail may have 700,000. They are held twice, as text and as what the text was made of. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

/**
 * A topic's latest records, in memory until everyone who reads the topic was handed them: where all keep up that is at once. Beyond the bounds the
 * first are let go, and who was not handed them reads the table.
 */
export class Recent {
  private records: LogRecord[] = [];
  /** Where the latest records lie, held or not. */
  private positions: number[] = [];
  private held = 0;
  private start: number;
  private readonly readings = new Set<Reading>();

  /** `first`: everything of the topic after this position will be added. */
  constructor(first: number) {
    this.start = first;
  }

  /** Everything of the topic after this position is held. */
  get base(): number {
    return this.start;
  }

  /** Characters of the records' values. */
  get characters(): number {
    return this.held;
  }

  /** Where the last record lies; -1 where none is known. */
  get last(): number {
    return this.positions.at(-1) ?? -1;
  }

  join(reading: Reading): void {
    this.readings.add(reading);
  }

  leave(reading: Reading): void {
    this.readings.delete(reading);
    this.letGo();
  }

  add(record: LogRecord): void {
    this.positions.push(record.n);
    if (this.positions.length > MOST * 2) this.positions.splice(0, MOST);
    this.records.push(record);
    this.held += lengthOf(record);
    if (this.readings.size === 0) this.letGo();
    else if (this.records.length > MOST * 2 || this.held > MOST_CHARACTERS * 2) this.letGoBeyond();
  }

  /** At most `limit` records after a position; null where some of them are not held. */
  after(position: number, limit: number): readonly LogRecord[] | null {
    if (position < this.start) return null;
    const from = firstAfter(this.records, position, ({ n }) => n);
    return this.records.slice(from, from + limit);
  }

  /** How many records after a position are known of, of the latest ones. */
  count(position: number): number {
    return this.positions.length - firstAfter(this.positions, position, (n) => n);
  }

  /** Lets go of what everyone was handed; called after a reading has moved. */
  letGo(): void {
    let passed = Infinity;
    for (const { position } of this.readings) passed = Math.min(passed, position);
    this.drop(firstAfter(this.records, passed, ({ n }) => n));
  }

  /** Down to half of what may be held; the last one stays. */
  private letGoBeyond(): void {
    let count = Math.max(0, this.records.length - MOST);
    let held = this.held;
    for (const record of this.records.slice(0, count)) held -= lengthOf(record);
    while (held > MOST_CHARACTERS && count < this.records.length - 1) held -= lengthOf(this.records[count++]!);
    this.drop(count);
  }

  private drop(count: number): void {
    if (count === 0) return;
    const gone = this.records.splice(0, count);
    for (const record of gone) this.held -= lengthOf(record);
    this.start = gone.at(-1)!.n;
  }
}

const lengthOf = ({ value }: LogRecord): number => value?.length ?? 0;
