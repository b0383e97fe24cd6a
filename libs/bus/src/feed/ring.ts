import { RingFile } from './ring-file';
import { RingIndex, type Slot } from './ring-index';

/** A record's text: its envelope as JSON, as it came or in UTF-8. */
export type RecordText = string | Uint8Array;

interface Held {
  readonly seq: string;
  readonly text: RecordText;
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
const sizeOf = (text: RecordText): number => (typeof text === 'string' ? 2 * text.length : text.byteLength);

/**
 * A feed's latest records, by time and count, within bounds of bytes: the newest in memory, older ones in a file. What neither takes is forgotten, the
 * oldest first.
 */
export class Ring {
  private readonly index = new RingIndex();
  /** What was pushed with the records from `firstHere` on; what was let go before them is undefined. */
  private here: (Held | undefined)[] = [];
  private hereHead = 0;
  /** The first record whose text is in memory. */
  private firstHere = 1;
  private held = 0;
  private readonly file: RingFile | null;

  constructor(private readonly options: RingOptions) {
    this.file = options.folder === null ? null : new RingFile(options.folder);
  }

  get size(): number {
    return this.index.size;
  }

  get first(): number {
    return this.index.first;
  }

  get last(): number {
    return this.index.last;
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
    this.index.push({ ...record, size });
    this.here.push({ seq, text });
    this.held += size;
  }

  /** Forgets what need not be kept, and lays down what has no room in memory. */
  fit(): void {
    const { keepMs, keepRecords, maxRecords, maxBytes, maxFileBytes } = this.options;
    const oldest = this.options.nowMs() - keepMs;
    while (this.size > keepRecords && (this.index.occurredAtMs(this.first) < oldest || this.size > maxRecords))
      this.forget();
    if (this.held > maxBytes) {
      const goal = maxBytes * (1 - SHARE_LAID_DOWN);
      while (this.held > goal) this.layDown(this.held - goal);
      while (this.fileBytes > maxFileBytes && this.first < this.firstHere) this.forget();
    }
    if (this.hereHead >= COMPACT_AFTER) {
      this.here = this.here.slice(this.hereHead);
      this.hereHead = 0;
    }
  }

  /** Records after `index` with this key (null: any), in order, at most `limit` and, beyond the first, `bytes`; null when some that lay there are gone. */
  after(index: number, limit: number, bytes: number, key: string | null): Slot[] | null {
    if (index + 1 < this.first) return null;
    const found: Slot[] = [];
    let taken = 0;
    for (let i = index + 1; i <= this.last && found.length < limit; i++) {
      if (key !== null && this.index.key(i) !== key) continue;
      taken += this.index.sizeOf(i);
      if (taken > bytes && found.length > 0) break;
      found.push(this.index.slot(i));
    }
    return found;
  }

  /** What was pushed with the record. */
  read(index: number): Held {
    const place = this.index.place(index);
    if (place === null) return this.heldAt(index);
    const bytes = this.file!.read(place);
    const end = bytes.indexOf(10);
    return { seq: bytes.toString('latin1', 0, end), text: bytes.subarray(end + 1) };
  }

  *all(): IterableIterator<Slot> {
    for (let i = this.first; i <= this.last; i++) yield this.index.slot(i);
  }

  close(): void {
    this.file?.close();
  }

  private heldAt(index: number): Held {
    return this.here[this.hereHead + index - this.firstHere]!;
  }

  /** The first text in memory is held no more. */
  private letGo(): void {
    this.held -= this.index.sizeOf(this.firstHere++);
    this.here[this.hereHead++] = undefined;
  }

  private forget(): void {
    const slot = this.index.slot(this.first);
    const place = this.index.place(slot.index);
    if (place === null) this.letGo();
    else this.file!.release(place);
    this.options.onForget(slot);
    this.index.shift();
  }

  /** Lays down the oldest texts in memory; forgets them, and all before them, where that cannot be done. */
  private layDown(bytes: number): void {
    const some: Held[] = [];
    for (let size = 0; size < Math.min(bytes, WRITE_BYTES) && this.firstHere + some.length <= this.last;) {
      const index = this.firstHere + some.length;
      some.push(this.heldAt(index));
      size += this.index.sizeOf(index);
    }
    const until = this.firstHere + some.length;
    try {
      const places = this.file?.append(some);
      if (places === undefined) {
        while (this.first < until) this.forget();
        return;
      }
      for (const place of places) {
        this.index.layDown(this.firstHere, place);
        this.letGo();
      }
    } catch (error) {
      while (this.first < until) this.forget();
      this.options.onTrouble(error);
    }
  }
}
