import type { Envelope, TopicSpec } from '@huiliu/contracts';
import type { TailOptions, TailRecord } from '../bus';
import { headOf } from './head';
import { decode, type RawRecord } from './record';

/** So many envelopes that tails handed out stay decoded; what lies in a ring for minutes lies there as bytes. */
const STAY_DECODED = 1_024;

/** A record of a tail: its bytes, and its envelope while somebody looks at it. */
class KeptRecord<T> implements TailRecord<T> {
  readonly topic: string;
  readonly offset: string;
  readonly occurredAtMs: number;

  constructor(
    private readonly spec: TopicSpec,
    readonly partition: number,
    private readonly raw: Pick<RawRecord, 'offset' | 'value'>,
    private decoded: Envelope | null,
  ) {
    this.topic = spec.name;
    this.offset = raw.offset;
    this.occurredAtMs = Date.parse(decoded!.occurredAt);
    latest.add(this);
  }

  get envelope(): Envelope<T> {
    if (this.decoded === null) {
      this.decoded = decode(this.spec, this.raw).envelope;
      latest.add(this);
    }
    return this.decoded as Envelope<T>;
  }

  letGo(): void {
    this.decoded = null;
  }
}

/** The records whose envelopes stay decoded: each newcomer makes the oldest let go. */
class Latest {
  private readonly records = new Array<KeptRecord<unknown> | undefined>(STAY_DECODED);
  private next = 0;

  add(record: KeptRecord<unknown>): void {
    this.records[this.next]?.letGo();
    this.records[this.next] = record;
    this.next = (this.next + 1) % STAY_DECODED;
  }
}

const latest = new Latest();

/** What is of no type that the tail's reader asked for; null where that must be read to be known, or is wanted. */
export function passedRecord<T>(
  topic: TopicSpec,
  partition: number,
  { value, offset, timestampMs }: RawRecord,
  { types }: TailOptions,
): (TailRecord<T> & { readonly id: string }) | null {
  const head = types === undefined ? null : headOf(value);
  if (head === null || types!.includes(head.type)) return null;
  const read = (): Envelope<T> => decode(topic, { value }).envelope as Envelope<T>;
  return {
    topic: topic.name,
    partition,
    offset,
    occurredAtMs: timestampMs,
    passed: true,
    id: head.id,
    get envelope() {
      return read();
    },
  };
}

/** A record as a tail hands it out; null where it is no event (who handles the topic buries it, a feed passes on). */
export function tailRecord<T>(
  topic: TopicSpec,
  partition: number,
  record: RawRecord,
  deps: { readonly warn: (message: string) => void },
): TailRecord<T> | null {
  const { envelope, defect } = (record.decoded ??= decode(topic, record));
  if (envelope === null) {
    deps.warn(`passed over ${topic.name}/${partition}@${record.offset}: ${defect}`);
    return null;
  }
  // Not the record itself: it keeps its decoded form for its other readers.
  return new KeptRecord(topic, partition, { offset: record.offset, value: record.value }, envelope);
}
