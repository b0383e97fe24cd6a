import { newId } from '@huiliu/platform';
import type { Envelope, TopicSpec } from '@huiliu/contracts';
import type { OutboxRecord } from '@huiliu/storage';
import { currentTraceparent } from '@huiliu/platform';
import type { BusRecord } from './bus';

let lastMs = NaN;
let lastTime = '';

/** A time as it is written: many facts are of one moment. */
function timeOf(now: Date): string {
  const ms = now.getTime();
  if (ms !== lastMs) [lastMs, lastTime] = [ms, now.toISOString()];
  return lastTime;
}

/** Wraps an event for a topic. `id` only where the event's identity is derived from what it says; else a new one. */
export function wrap<T>(
  topic: TopicSpec,
  type: string,
  key: string,
  data: T,
  now: Date,
  id: string = newId(),
): BusRecord<T> {
  const envelope: Envelope<T> = {
    id,
    type,
    v: 1,
    key,
    occurredAt: timeOf(now),
    traceparent: currentTraceparent(),
    data,
  };
  return { topic, envelope };
}

/** The same record as a transaction's outbox takes it. */
export function toOutbox(record: BusRecord): OutboxRecord {
  return {
    topic: record.topic.name,
    key: record.envelope.key,
    id: record.envelope.id,
    value: JSON.stringify(record.envelope),
    envelope: record.envelope,
  };
}
