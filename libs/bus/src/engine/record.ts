import type { Envelope, TopicSpec } from '@huiliu/contracts';
import type { Delivery } from '../bus';

/** A record as it lies in the topic. Offsets of one partition grow; they are decimal strings everywhere. */
export interface RawRecord {
  readonly offset: string;
  readonly key: string | null;
  readonly value: string | Uint8Array | null;
  readonly timestampMs: number;
  /** What `value` was made of, where it was made in this process: validated all the same, but not parsed. */
  readonly envelope?: unknown;
  /** Set where the record was decoded before in this process: each is validated once. */
  decoded?: Decoded;
}

/** An envelope, or what keeps the record from being one. */
export type Decoded =
  { readonly envelope: Envelope; readonly defect: null } | { readonly envelope: null; readonly defect: string };

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads and validates a record by its topic's schema. The reasons name places, never what stood there. */
export function decode(topic: TopicSpec, { value, envelope }: Pick<RawRecord, 'value' | 'envelope'>): Decoded {
  if (value === null) return { envelope: null, defect: 'empty record' };
  let parsed = envelope;
  if (parsed === undefined) {
    try {
      parsed = JSON.parse(typeof value === 'string' ? value : utf8.decode(value));
    } catch (error) {
      return { envelope: null, defect: error instanceof SyntaxError ? 'not JSON' : 'not UTF-8' };
    }
  }
  const result = topic.schema.safeParse(parsed);
  if (result.success) return { envelope: result.data as Envelope, defect: null };
  const issues = result.error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join('.') || '(record)'}: ${issue.message}`);
  return { envelope: null, defect: `invalid: ${issues.join('; ')}`.slice(0, 500) };
}

/** A record's way through the engine: where it lies, what it says (decoded when its turn comes), whether it is done. */
export class Entry {
  done = false;
  /** Done without having been handled: it was nobody's business. */
  passed = false;
  private handed: Delivery | null | undefined;

  constructor(
    readonly topic: TopicSpec,
    readonly partition: number,
    readonly record: RawRecord,
  ) {}

  /** As a handler gets it; null where the record is no event. */
  get delivery(): Delivery | null {
    if (this.handed === undefined) {
      const { envelope } = this.decoded;
      const { topic, partition, offset } = this;
      this.handed = envelope && { topic: topic.name, partition, offset, envelope };
    }
    return this.handed;
  }

  /** What keeps the record from being an event; null where nothing does. */
  get defect(): string | null {
    return this.decoded.defect;
  }

  private get decoded(): Decoded {
    return (this.record.decoded ??= decode(this.topic, this.record));
  }

  get offset(): string {
    return this.record.offset;
  }

  /** What decides the order; records without a key follow one another. */
  get key(): string {
    return this.record.key ?? '';
  }
}

const lengthOf = ({ record }: Entry): number => record.value?.length ?? 0;

/** What is in hand of one partition, in order: answers how far everything is done. */
export class Window {
  private entries: (Entry | undefined)[] = [];
  private head = 0;
  private held = 0;

  get size(): number {
    return this.entries.length - this.head;
  }

  /** Characters, or bytes, of the records' values. */
  get length(): number {
    return this.held;
  }

  push(entry: Entry): void {
    this.entries.push(entry);
    this.held += lengthOf(entry);
  }

  /** Forgets the contiguous prefix that is done; answers its last entry, or null when the first is still open. */
  settle(): Entry | null {
    let last: Entry | null = null;
    for (let first = this.entries[this.head]; first?.done; first = this.entries[this.head]) {
      last = first;
      this.held -= lengthOf(first);
      // Let go at once: it may be a mail of 700,000 characters.
      this.entries[this.head++] = undefined;
    }
    if (this.head > 1024 && this.head * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
    return last;
  }

  /** What is in hand, in order. */
  *open(): IterableIterator<Entry> {
    for (let i = this.head; i < this.entries.length; i++) yield this.entries[i]!;
  }
}

/** A small stable hash of a key (FNV-1a over UTF-16 units), to spread keys over lanes. */
export function laneOf(key: string, lanes: number): number {
  if (lanes <= 1) return 0;
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % lanes;
}

/** Why a handler failed, as people are told: no stack, no more than 500 characters. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${typeof error}`;
  return text.slice(0, 500);
}
