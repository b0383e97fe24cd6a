import { Latest } from '@huiliu/platform';
import type { OutboxRecord } from '@huiliu/storage';
import { headOf } from '../engine/head';
import type { RawRecord } from '../engine/record';

/** So many characters of what was sent are remembered, until it comes back: some batches of the relay. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

/**
 * What this process has sent to topics that it reads itself and has not handed to its own readers yet: where it comes back from the broker it
 * is recognised, and need not be parsed. A record that is not here, or not any more, is parsed.
 */
export class OwnRecords {
  private readonly topics = new Set<string>();
  private readonly sent = new Latest<string, unknown>(Infinity, MOST_CHARACTERS);

  /** From now on what is sent to this topic is remembered. */
  follow(topic: string): void {
    this.topics.add(topic);
  }

  follows(topic: string): boolean {
    return this.topics.has(topic);
  }

  remember(records: readonly OutboxRecord[]): void {
    for (const { topic, id, value, envelope } of records)
      if (envelope !== undefined && this.topics.has(topic)) this.sent.add(id, envelope, value.length);
  }

  /** They have been handed out and do not come back. */
  forget(records: readonly RawRecord[]): void {
    for (const { value } of records) {
      const id = headOf(value)?.id;
      if (id !== undefined) this.sent.delete(id);
    }
  }

  /** The record with what it was made of, where that is known; forgets it. */
  recognise(record: RawRecord): RawRecord {
    const id = this.sent.size === 0 ? undefined : headOf(record.value)?.id;
    const envelope = id === undefined ? undefined : this.sent.get(id);
    if (id === undefined || envelope === undefined) return record;
    this.sent.delete(id);
    return { ...record, envelope };
  }
}
