import { randomInt } from 'node:crypto';
import { breaks } from '@huiliu/platform';
import type { TailRecord } from '../bus';
import { decodePosition, encodePosition, generationMark } from './feed-position';

export interface FeedOptions {
  /** As `MessageBus.generation` names the topic's life: a position of another life is not resumed. */
  readonly generation: string;
  /** Records are kept so long, or so many of them, whichever is more. */
  readonly keepMs?: number;
  readonly keepRecords?: number;
  /** Never more than so many, however young: what protects the process's memory under a flood. */
  readonly maxRecords?: number;
  readonly nowMs?: () => number;
}

/** A record in the ring. `seq` is the position of a reader that has seen everything up to it, in this feed's order. */
export interface FeedEntry<T> {
  readonly index: number;
  readonly record: TailRecord<T>;
  readonly offset: bigint;
  readonly seq: string;
}

/** Tolerated difference between the clocks of processes; must stay below the ten minutes that a feed loads at its start. */
const CLOCK_SLACK_MS = 300_000;
const COMPACT_AFTER = 4096;

/**
 * What a process has read of a topic, kept for its sockets: live records to listeners, and the ring from which a client resumes
 * whatever process it was connected to before. Every record a reader is given lies above the position it came with.
 */
export class Feed<T> {
  private readonly keepMs: number;
  private readonly keepRecords: number;
  private readonly maxRecords: number;
  private readonly nowMs: () => number;
  private readonly mark: string;
  private readonly instance = randomInt(1, 2 ** 32);
  private readonly startedAtMs: number;
  private readonly positions = new Map<number, bigint>();
  /** The offset before the first record read of a partition. */
  private readonly bases = new Map<number, bigint>();
  /** The highest offset of a partition that the ring no longer (or never) held. */
  private readonly floors = new Map<number, bigint>();
  private readonly listeners = new Set<(entry: FeedEntry<T>) => void>();
  private entries: (FeedEntry<T> | undefined)[] = [];
  private head = 0;
  private firstIndex = 1;

  constructor(options: FeedOptions) {
    this.keepMs = options.keepMs ?? 600_000;
    this.keepRecords = options.keepRecords ?? 10_000;
    this.maxRecords = options.maxRecords ?? 250_000;
    this.nowMs = options.nowMs ?? Date.now;
    this.mark = generationMark(options.generation);
    this.startedAtMs = this.nowMs();
  }

  /**
   * Takes records as a tail reads them; one that was there before is left out. Calls the listeners in order. A record that `keep`
   * turns down only moves the position: for what no client of this feed may ever see.
   */
  push(records: readonly TailRecord<T>[], keep: (record: TailRecord<T>) => boolean = () => true): void {
    for (const record of records) {
      const offset = BigInt(record.offset);
      const last = this.positions.get(record.partition);
      if (last !== undefined && offset <= last) continue;
      if (last === undefined) {
        this.bases.set(record.partition, offset - 1n);
        this.floors.set(record.partition, offset - 1n);
      }
      this.positions.set(record.partition, offset);
      if (!keep(record)) continue;
      const entry: FeedEntry<T> = { index: this.lastIndex + 1, record, offset, seq: this.encode(this.positions) };
      this.entries.push(entry);
      for (const listener of this.listeners) listener(entry);
    }
    this.evict();
  }

  /** Called for every record from now on; answers how to stop. */
  listen(listener: (entry: FeedEntry<T>) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Where this feed stands: the position of a reader that begins now. */
  position(): string {
    return this.encode(this.positions);
  }

  /** A reader that begins after the last record. */
  attach(): FeedCursor<T> {
    return new FeedCursor(this, this.lastIndex, null, this.position());
  }

  /**
   * A reader that goes on after `seq`, wherever that was issued; what it missed is `pending`. Null when it cannot be resumed
   * without a gap: the client must load afresh.
   */
  resume(seq: string): FeedCursor<T> | null {
    const client = decodePosition(seq);
    if (client === null || client.generation !== this.mark) return null;
    const seen = client.positions;
    // A partition that only the client knows: its later records may lie before what was loaded here.
    for (const partition of seen.keys()) if (!this.floors.has(partition)) return null;
    for (const [partition, floor] of this.floors) {
      if (seen.has(partition)) {
        if ((seen.get(partition) as bigint) < floor) return null;
        continue;
      }
      // The issuer had read nothing of this partition. If it was this feed, nothing below our first record counts.
      if (client.instance === this.instance) {
        if (floor > (this.bases.get(partition) as bigint)) return null;
        continue;
      }
      // Another feed: what is older than what it loaded at its start the client had from elsewhere; all else must still be here.
      if (floor >= 0n) return null;
      seen.set(partition, this.lastBefore(partition, client.startedAtMs - CLOCK_SLACK_MS));
    }
    return new FeedCursor(this, breaks('resume-position') ? this.lastIndex : this.firstIndex - 1, seen, seq);
  }

  /** The ring's entries after `index`, at most `limit`; null when some of them are gone. */
  after(index: number, limit: number): readonly FeedEntry<T>[] | null {
    if (index + 1 < this.firstIndex) return null;
    const from = this.head + (index + 1 - this.firstIndex);
    return this.entries.slice(from, from + limit) as FeedEntry<T>[];
  }

  get lastIndex(): number {
    return this.firstIndex + (this.entries.length - this.head) - 1;
  }

  get size(): number {
    return this.entries.length - this.head;
  }

  /** The position of a reader whose own position lay beyond this feed's in some partitions. */
  seqBeyond(entry: FeedEntry<T>, seen: ReadonlyMap<number, bigint>): { seq: string; caughtUp: boolean } {
    const here = decodePosition(entry.seq)?.positions ?? new Map<number, bigint>();
    let caughtUp = true;
    for (const [partition, offset] of seen) {
      const ours = here.get(partition);
      if (ours === undefined || ours < offset) {
        here.set(partition, offset);
        caughtUp = false;
      }
    }
    return { seq: caughtUp ? entry.seq : this.encode(here), caughtUp };
  }

  private encode(positions: ReadonlyMap<number, bigint>): string {
    return encodePosition(this.mark, this.instance, this.startedAtMs, positions);
  }

  private lastBefore(partition: number, timeMs: number): bigint {
    let last = -1n;
    for (let i = this.head; i < this.entries.length; i++) {
      const entry = this.entries[i] as FeedEntry<T>;
      if (entry.record.partition === partition && entry.record.occurredAtMs < timeMs) last = entry.offset;
    }
    return last;
  }

  private evict(): void {
    const oldest = this.nowMs() - this.keepMs;
    while (this.size > this.keepRecords) {
      const entry = this.entries[this.head] as FeedEntry<T>;
      if (entry.record.occurredAtMs >= oldest && this.size <= this.maxRecords) break;
      this.floors.set(entry.record.partition, entry.offset);
      this.entries[this.head] = undefined;
      this.head++;
      this.firstIndex++;
    }
    if (this.head >= COMPACT_AFTER) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
  }
}

/** One client's place in a feed. */
export class FeedCursor<T> {
  constructor(
    private readonly feed: Feed<T>,
    private index: number,
    /** What the client had seen when it came; null once this feed has passed it everywhere. */
    private seen: Map<number, bigint> | null,
    private lastSeq: string,
  ) {}

  /** Where the client stands. */
  get seq(): string {
    return this.lastSeq;
  }

  /** Moves past an entry. Answers the `seq` to send it with, or null when the client has had it: it must not be sent. */
  take(entry: FeedEntry<T>): string | null {
    if (entry.index <= this.index) return null;
    this.index = entry.index;
    if (this.seen === null) return (this.lastSeq = entry.seq);
    const had = this.seen.get(entry.record.partition);
    if (had !== undefined && entry.offset <= had) return null;
    const { seq, caughtUp } = this.feed.seqBeyond(entry, this.seen);
    if (caughtUp) this.seen = null;
    return (this.lastSeq = seq);
  }

  /** Whether entries wait in the ring that were not taken. */
  get behind(): boolean {
    return this.index < this.feed.lastIndex;
  }

  /** Entries not yet taken, at most `limit`; null when the ring has dropped some: the client is too slow. */
  pending(limit: number): readonly FeedEntry<T>[] | null {
    return this.feed.after(this.index, limit);
  }
}
