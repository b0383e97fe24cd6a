import type { Envelope, TopicSpec } from '@huiliu/contracts';
import type { TailOptions, TailRecord } from '../bus';
import { headOf } from './head';
import { decode, type Decoded, type RawRecord } from './record';

/** What is of no type that the tail's reader asked for; null where that must be read to be known, or is wanted. */
export function passedRecord<T>(
  topic: TopicSpec,
  partition: number,
  { value, offset, timestampMs }: RawRecord,
  { types }: TailOptions,
): (TailRecord<T> & { readonly id: string }) | null {
  const head = types === undefined ? null : headOf(value);
  if (head === null || types!.includes(head.type)) return null;
  return {
    topic: topic.name,
    partition,
    offset,
    occurredAtMs: timestampMs,
    passed: true,
    id: head.id,
    get envelope() {
      return decode(topic, { value }).envelope as Envelope<T>;
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
