import { randomInt } from 'node:crypto';
import { breaks, Latest } from '@huiliu/platform';
import type { Envelope } from '@huiliu/contracts';
import type { TailRecord } from '../bus';
import { decodePosition, encodePosition, generationMark, PositionWriter } from './feed-position';
import { Ring, type RecordText } from './ring';
import type { Slot } from './ring-index';

export interface FeedOptions<T> {
  /** As `MessageBus.generation` names the topic's life: a position of another life is not resumed. */
  readonly generation: string;
  /** Reads a record again from its text (an unread one for the first time); without it the text is taken as it was handed in. */
  readonly read?: (text: RecordText) => Envelope<T>;
  /** Records are kept so long, or so many of them, whichever is more. */
  readonly keepMs?: number;
  readonly keepRecords?: number;
  /** Never more than so many, however young: what protects the process's memory under a flood. */
  readonly maxRecords?: number;
  /** So many bytes of them are in memory; what is over lies in files in `folder`, or is forgotten where there is none. */
  readonly maxBytes?: number;
  readonly folder?: string;
  /** So many bytes of files: beyond it, too, the oldest are forgotten. */
  readonly maxFileBytes?: number;
  readonly nowMs?: () => number;
  readonly onTrouble?: (error: unknown) => void;
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
/** Bytes of records that a reader is given at once, or one record. */
const READ_BYTES = 1024 * 1024;
const MB = 1024 * 1024;
/**
 * Replaying sockets are near one another in the feed: so much of what they read stays decoded. What is live is not kept for them: everyone
 * gets it in turn, and most of it nobody ever asks for again, but each collection of young garbage would copy what is kept (some 25 ms a time).
 */
const LATEST = 1_024;
const LATEST_BYTES = 4 * MB;

/**
 * What a process has read of a topic, kept for its sockets: live records to listeners, and the ring from which a client resumes
 * whatever process it was connected to before. Every record a reader is given lies above the position it came with.
 */
export class Feed<T> {
  private readonly mark: string;
  private readonly instance = randomInt(1, 2 ** 32);
  private readonly startedAtMs: number;
  private readonly positions = new Map<number, bigint>();
  /** Writes `positions`. */
  private readonly writer: PositionWriter;
  /** The offset before the first record read of a partition. */
  private readonly bases = new Map<number, bigint>();
  /** The highest offset of a partition that the ring no longer (or never) held. */
  private readonly floors = new Map<number, bigint>();
  private readonly listeners = new Set<(entry: FeedEntry<T>) => void>();
  private readonly envelopeOf: (text: RecordText) => Envelope<T>;
  private readonly onTrouble: (error: unknown) => void;
  private topicName = '';
  private readonly ring: Ring;
  /** Records that were read again lately, decoded; the others lie in the ring as text. */
  private readonly latest: Latest<number, FeedEntry<T>>;

  constructor(options: FeedOptions<T>) {
    const nowMs = options.nowMs ?? Date.now;
    this.envelopeOf = options.read ?? parsed;
    this.onTrouble = options.onTrouble ?? (() => undefined);
    this.mark = generationMark(options.generation);
    this.startedAtMs = nowMs();
    this.writer = new PositionWriter(this.mark, this.instance, this.startedAtMs);
    const maxBytes = options.maxBytes ?? 16 * MB;
    this.latest = new Latest(LATEST, Math.min(LATEST_BYTES, maxBytes / 4));
    this.ring = new Ring({
      keepMs: options.keepMs ?? 600_000,
      keepRecords: options.keepRecords ?? 10_000,
      maxRecords: options.maxRecords ?? 250_000,
      maxBytes,
      maxFileBytes: options.maxFileBytes ?? 1024 * MB,
      folder: options.folder ?? null,
      nowMs,
      onForget: ({ partition, offset }) => this.floors.set(partition, offset),
      onTrouble: this.onTrouble,
    });
  }

  /**
   * Takes records as a tail reads them; one that was there before is left out. Calls the listeners in order. A record that `keep`
   * turns down only moves the position: for what no client of this feed may ever see. An unread one stays so until a reader looks at it.
   */
  push(records: readonly TailRecord<T>[], keep: (record: TailRecord<T>) => boolean = () => true): void {
    for (const record of records) {
      const { partition, occurredAtMs, unread } = record;
      const offset = BigInt(record.offset);
      const last = this.positions.get(partition);
      if (last !== undefined && offset <= last) continue;
      if (last === undefined) {
        this.bases.set(partition, offset - 1n);
        this.floors.set(partition, offset - 1n);
      }
      this.positions.set(partition, offset);
      this.writer.move(partition, offset);
      this.topicName = record.topic;
      if (!keep(record)) continue;
      const seq = this.writer.text();
      const text = record.text ?? JSON.stringify(record.envelope);
      this.ring.push({ partition, offset, occurredAtMs, key: unread ?? record.envelope.key }, seq, text);
      const index = this.ring.last;
      if (unread === undefined) {
        const entry: FeedEntry<T> = { index, record, offset, seq };
        for (const listener of this.listeners) listener(entry);
      } else if (this.listeners.size > 0) {
        const entry = { index, record: new UnreadRecord(record, unread, text, this.envelopeOf), offset, seq };
        for (const listener of this.listeners) listener(entry);
      }
    }
    this.ring.fit();
  }

  /** Called for every record from now on; answers how to stop. */
  listen(listener: (entry: FeedEntry<T>) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Gives back what it keeps on disk. Nothing is pushed or resumed after it. */
  close(): void {
    this.ring.close();
  }

  /** Where this feed stands: the position of a reader that begins now. */
  position(): string {
    return this.writer.text();
  }

  /** A reader that begins after the last record. `key`: it is given the records of this key alone. */
  attach(key: string | null = null): FeedCursor<T> {
    return new FeedCursor(this, this.lastIndex, null, this.position(), key);
  }

  /**
   * A reader that goes on after `seq`, wherever that was issued; what it missed is `pending`. Null when it cannot be resumed
   * without a gap: the client must load afresh.
   */
  resume(seq: string, key: string | null = null): FeedCursor<T> | null {
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
    return new FeedCursor(this, breaks('resume-position') ? this.lastIndex : this.firstIndex - 1, seen, seq, key);
  }

  /**
   * The ring's entries after `index` that have the key (null: any), at most `limit` and a megabyte of them, and the index up to which nothing else
   * has it; null when some of them are gone or cannot be read.
   */
  after(index: number, limit: number, key: string | null): { entries: FeedEntry<T>[]; passed: number } | null {
    const slots = this.ring.after(index, limit, READ_BYTES, key);
    if (slots === null) return null;
    try {
      return { entries: slots.map((slot) => this.entryOf(slot)), passed: (slots[0]?.index ?? this.lastIndex + 1) - 1 };
    } catch (error) {
      this.onTrouble(error);
      return null;
    }
  }

  get firstIndex(): number {
    return this.ring.first;
  }

  get lastIndex(): number {
    return this.ring.last;
  }

  get size(): number {
    return this.ring.size;
  }

  /** Bytes of records in memory, and in files. */
  get bytes(): { readonly memory: number; readonly files: number } {
    return { memory: this.ring.bytes, files: this.ring.fileBytes };
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
    return { seq: caughtUp ? entry.seq : encodePosition(this.mark, this.instance, this.startedAtMs, here), caughtUp };
  }

  private lastBefore(partition: number, timeMs: number): bigint {
    let last = -1n;
    for (const slot of this.ring.all())
      if (slot.partition === partition && slot.occurredAtMs < timeMs) last = slot.offset;
    return last;
  }

  /** A record that was let go is read again from its text. */
  private entryOf({ index, partition, offset, occurredAtMs, size }: Slot): FeedEntry<T> {
    const known = this.latest.get(index);
    if (known !== undefined) return known;
    const { seq, text } = this.ring.read(index);
    const place = { topic: this.topicName, partition, offset: String(offset), occurredAtMs };
    const entry: FeedEntry<T> = { index, record: { ...place, text, envelope: this.envelopeOf(text) }, offset, seq };
    this.latest.add(index, entry, size);
    return entry;
  }
}

/** A record that is read when somebody asks what it says, and once. */
class UnreadRecord<T> {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly occurredAtMs: number;
  readonly unread: string;
  private known: Envelope<T> | undefined;

  constructor(
    { topic, partition, offset, occurredAtMs }: TailRecord<T>,
    key: string,
    readonly text: RecordText,
    private readonly read: (text: RecordText) => Envelope<T>,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.occurredAtMs = occurredAtMs;
    this.unread = key;
  }

  get envelope(): Envelope<T> {
    return (this.known ??= this.read(this.text));
  }
}

function parsed<T>(text: RecordText): Envelope<T> {
  return JSON.parse(typeof text === 'string' ? text : Buffer.from(text).toString()) as Envelope<T>;
}

/** One client's place in a feed. */
export class FeedCursor<T> {
  constructor(
    private readonly feed: Feed<T>,
    private index: number,
    /** What the client had seen when it came; null once this feed has passed it everywhere. */
    private seen: Map<number, bigint> | null,
    private lastSeq: string,
    private readonly key: string | null,
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

  /** Entries not yet taken, at most `limit` and a megabyte; null when the ring has dropped some: the client is too slow. */
  pending(limit: number): readonly FeedEntry<T>[] | null {
    const found = this.feed.after(this.index, limit, this.key);
    if (found !== null) this.index = found.passed;
    return found?.entries ?? null;
  }
}
