import type { OutboxRecord } from '@huiliu/storage';
import { headOf } from '../engine/head';
import type { RawRecord } from '../engine/record';

/**
 * What this process is sending to topics that it reads itself. Where a fetch brings it before the broker has acknowledged it, it is recognised:
 * it is nobody else's, and need not be parsed.
 */
export class OwnRecords {
  private readonly topics = new Set<string>();
  /** Few at a time. (No set: one that much goes into and out of keeps what it held, see `Latest`.) */
  private sending: readonly (readonly OutboxRecord[])[] = [];
  /** What the records of `sending` were made of, by their ids; made when it is asked for. */
  private made: Map<string, unknown> | null = null;

  /** This process reads the topic. */
  follow(topic: string): void {
    this.topics.add(topic);
  }

  follows(topic: string): boolean {
    return this.topics.has(topic);
  }

  /** Sends the records; until that is done they are recognised. */
  async whileSending(records: readonly OutboxRecord[], send: () => Promise<void>): Promise<void> {
    this.sending = [...this.sending, records];
    this.made = null;
    try {
      await send();
    } finally {
      this.sending = this.sending.filter((each) => each !== records);
      this.made = null;
    }
  }

  /** The record with what it was made of, where that is known. */
  recognise(record: RawRecord): RawRecord {
    if (this.sending.length === 0) return record;
    this.made ??= new Map(
      this.sending.flatMap((records) => records.map(({ id, envelope }): [string, unknown] => [id, envelope])),
    );
    const id = headOf(record.value)?.id;
    const envelope = id === undefined ? undefined : this.made.get(id);
    return envelope === undefined ? record : { ...record, envelope };
  }
}
