import { type Place, RingFile } from './ring-file';

/** A record's text: its envelope as JSON, as it came or in UTF-8. */
export type RecordText = string | Uint8Array;

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

/** A slot, and its text with its place in the feed: in memory, or in the file. */
interface Held extends Slot {
  here: { readonly seq: string; readonly text: RecordText } | null;
  place: Place | null;
}

interface RingOptions {
  readonly keepMs: number;
  readonly keepRecords: number;
  readonly maxRecords: number;
  readonly maxBytes: number;
  readonly maxFileBytes: number;
  /** Where what is over `maxBytes` is laid down; null: it is forgotten. */
  readonly folder: string | null;
  readonly nowMs: () => number;
  readonly onForget: (slot: Slot) => void;
  readonly onTrouble: (error: unknown) => void;
}

const COMPACT_AFTER = 4096;
/** A write lays down so much at least, so that there are few. */
const SHARE_LAID_DOWN = 1 / 16;
/** And hands the system so much at once at most, or one text. */
const WRITE_BYTES = 1024 * 1024;

/** What a text takes in memory: a string has two bytes a character as soon as one of them is Chinese. */
export const sizeOf = (text: RecordText): number => (typeof text === 'string' ? 2 * text.length : text.byteLength);

/**
 * A feed's latest records, by time and count, within bounds of bytes: the newest in memory, older ones in a file. What neither takes is forgotten, the
 * oldest first.
 */
export class Ring {
  private slots: (Held | undefined)[] = [];
  private head = 0;
  private firstIndex = 1;
  /** The first record whose text is in memory. */
  private firstHere = 1;
  private held = 0;
  private readonly file: RingFile | null;

  constructor(private readonly options: RingOptions) {
    this.file = options.folder === null ? null : new RingFile(options.folder);
  }

  get size(): number {
    return this.slots.length - this.head;
  }

  get first(): number {
    return this.firstIndex;
  }

  get last(): number {
    return this.firstIndex + this.size - 1;
  }

  /** Bytes of texts in memory. */
  get bytes(): number {
    return this.held;
  }

  get fileBytes(): number {
    return this.file?.bytes ?? 0;
  }

  /** Takes a record in; `fit` is called after one or several. */
  push(record: Omit<Slot, 'index' | 'size'>, seq: string, text: RecordText): void {
    const size = sizeOf(text) + seq.length;
    const { partition, offset, occurredAtMs, key } = record;
    const index = this.last + 1;
    this.slots.push({ index, partition, offset, occurredAtMs, key, size, here: { seq, text }, place: null });
    this.held += size;
  }

  /** Forgets what need not be kept, and lays down what has no room in memory. */
  fit(): void {
    const { keepMs, keepRecords, maxRecords, maxBytes, maxFileBytes } = this.options;
    const oldest = this.options.nowMs() - keepMs;
    while (this.size > keepRecords && (this.at(this.firstIndex).occurredAtMs < oldest || this.size > maxRecords))
      this.forget();
    if (this.held > maxBytes) {
      const goal = maxBytes * (1 - SHARE_LAID_DOWN);
      while (this.held > goal) this.layDown(this.held - goal);
      while (this.fileBytes > maxFileBytes && this.firstIndex < this.firstHere) this.forget();
    }
    if (this.head >= COMPACT_AFTER) {
      this.slots = this.slots.slice(this.head);
      this.head = 0;
    }
  }

  /** Records after `index` with this key (null: any), in order, at most `limit` and, beyond the first, `bytes`; null when some that lay there are gone. */
  after(index: number, limit: number, bytes: number, key: string | null): Slot[] | null {
    if (index + 1 < this.firstIndex) return null;
    const found: Slot[] = [];
    let taken = 0;
    for (let i = index + 1; i <= this.last && found.length < limit; i++) {
      const slot = this.at(i);
      if (key !== null && slot.key !== key) continue;
      taken += slot.size;
      if (taken > bytes && found.length > 0) break;
      found.push(slot);
    }
    return found;
  }

  /** What was pushed with the record. */
  read(index: number): { readonly seq: string; readonly text: RecordText } {
    const { here, place } = this.at(index);
    if (here !== null) return here;
    const bytes = this.file!.read(place!);
    const end = bytes.indexOf(10);
    return { seq: bytes.toString('latin1', 0, end), text: bytes.subarray(end + 1) };
  }

  *all(): IterableIterator<Slot> {
    for (let i = this.firstIndex; i <= this.last; i++) yield this.at(i);
  }

  close(): void {
    this.file?.close();
  }

  private at(index: number): Held {
    return this.slots[this.head + index - this.firstIndex]!;
  }

  private forget(): void {
    const slot = this.at(this.firstIndex);
    if (slot.place === null) this.held -= slot.size;
    else this.file!.release(slot.place);
    this.options.onForget(slot);
    this.slots[this.head++] = undefined;
    this.firstIndex++;
    this.firstHere = Math.max(this.firstHere, this.firstIndex);
  }

  /** Lays down the oldest texts in memory; forgets them, and all before them, where that cannot be done. */
  private layDown(bytes: number): void {
    const some: Held[] = [];
    for (let size = 0; size < Math.min(bytes, WRITE_BYTES) && this.firstHere + some.length <= this.last;) {
      const slot = this.at(this.firstHere + some.length);
      some.push(slot);
      size += slot.size;
    }
    const until = this.firstHere + some.length;
    try {
      const places = this.file?.append(some.map(({ here }) => here!));
      if (places === undefined) {
        while (this.firstIndex < until) this.forget();
        return;
      }
      for (const [i, slot] of some.entries()) {
        slot.place = places[i]!;
        slot.here = null;
        this.held -= slot.size;
      }
      this.firstHere = until;
    } catch (error) {
      while (this.firstIndex < until) this.forget();
      this.options.onTrouble(error);
    }
  }
}
