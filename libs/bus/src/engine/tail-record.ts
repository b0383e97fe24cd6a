import type { Envelope, TopicSpec } from '@huiliu/contracts';
import type { TailOptions, TailRecord } from '../bus';
import { headOf } from './head';
import { decode, type Decoded, type RawRecord } from './record';

/** What the tail's reader did not ask for, or need not have read for it; null where that must be read to be known, or is wanted read. */
export function passedRecord<T>(
  topic: TopicSpec,
  partition: number,
  record: RawRecord,
  { types, mayBeUnread = false }: TailOptions,
): (TailRecord<T> & { readonly id: string }) | null {
  const { value, offset, key, timestampMs } = record;
  const head = types === undefined && !mayBeUnread ? null : headOf(value);
  if (head === null) return null;
  const isWanted = types === undefined || types.includes(head.type);
  if (!isWanted) return new UnreadRecord<T>(topic, partition, offset, timestampMs, head.id, value!, true);
  if (!mayBeUnread || key === null) return null;
  return new UnreadRecord<T>(topic, partition, offset, timestampMs, head.id, value!, undefined, key);
}

/** What lies in the topic, as it lies there. */
class UnreadRecord<T> {
  readonly topic: string;

  constructor(
    private readonly spec: TopicSpec,
    readonly partition: number,
    readonly offset: string,
    readonly occurredAtMs: number,
    readonly id: string,
    readonly text: string | Uint8Array,
    readonly passed: true | undefined,
    readonly unread?: string,
  ) {
    this.topic = spec.name;
  }

  get envelope(): Envelope<T> {
    return readEnvelope<T>(this.spec, this.text);
  }
}

/** Reads and validates an envelope from its JSON (bytes: UTF-8); throws where it is none of the topic's. */
export function readEnvelope<T>(topic: TopicSpec, text: string | Uint8Array): Envelope<T> {
  const { envelope, defect } = decode(topic, { value: text });
  if (envelope === null) throw new Error(`a record of ${topic.name}: ${defect}`);
  return envelope as Envelope<T>;
}

/** A record as a tail hands it out; null where it is no event (who handles the topic buries it, a feed passes on). */
export function tailRecord<T>(
  topic: TopicSpec,
  partition: number,
  record: RawRecord,
  deps: { readonly warn: (message: string) => void },
): TailRecord<T> | null {
  // What was made in this process has its type from where it was made; only a handler's events are validated all the same.
  const { envelope, defect } = record.envelope === undefined ? (record.decoded ??= decode(topic, record)) : own(record);
  if (envelope === null) {
    deps.warn(`passed over ${topic.name}/${partition}@${record.offset}: ${defect}`);
    return null;
  }
  return {
    topic: topic.name,
    partition,
    offset: record.offset,
    occurredAtMs: Date.parse(envelope.occurredAt),
    envelope: envelope as Envelope<T>,
    text: record.value!,
  };
}

const own = ({ envelope }: RawRecord): Decoded => ({ envelope: envelope as Envelope, defect: null });
