import type { OutboxRecord } from '@huiliu/storage';
import { headOf } from '../engine/head';
import type { RawRecord } from '../engine/record';

/** So many characters of what was sent are remembered, until it comes back: some batches of the relay. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

interface Own {
  readonly envelope: unknown;
  readonly characters: number;
}

/**
 * What this process has just sent to topics that it reads itself: it comes back within moments, and need not be parsed then. It is validated
 * like everything that is read; a record that is not here, or not any more, is parsed.
 */
export class OwnRecords {
  private readonly topics = new Set<string>();
  private readonly sent = new Map<string, Own>();
  private characters = 0;

  /** From now on what is sent to this topic is remembered. */
  follow(topic: string): void {
    this.topics.add(topic);
  }

  remember(records: readonly OutboxRecord[]): void {
    for (const { topic, id, value, envelope } of records) {
      if (envelope === undefined || !this.topics.has(topic) || this.sent.has(id)) continue;
      this.sent.set(id, { envelope, characters: value.length });
      this.characters += value.length;
    }
    for (const id of this.sent.keys()) {
      if (this.characters <= MOST_CHARACTERS) return;
      this.forget(id);
    }
  }

  /** The record with what it was made of, where that is known; forgets it. */
  recognise(record: RawRecord): RawRecord {
    const id = this.sent.size === 0 ? undefined : headOf(record.value)?.id;
    const own = id === undefined ? undefined : this.forget(id);
    return own === undefined ? record : { ...record, envelope: own.envelope };
  }

  private forget(id: string): Own | undefined {
    const own = this.sent.get(id);
    if (own === undefined) return undefined;
    this.sent.delete(id);
    this.characters -= own.characters;
    return own;
  }
}
