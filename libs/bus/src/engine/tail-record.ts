import type { Envelope, TopicSpec } from '@huiliu/contracts';
import type { TailRecord } from '../bus';
import { decode, type RawRecord } from './record';

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
  return {
    topic: topic.name,
    partition,
    offset: record.offset,
    occurredAtMs: Date.parse(envelope.occurredAt),
    envelope: envelope as Envelope<T>,
    text: record.value!,
  };
}
