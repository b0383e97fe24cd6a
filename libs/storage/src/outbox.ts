import type { Tx } from './database';

/**
 * A record on its way to the bus: `value` is the serialised envelope, `id` the envelope's id. `envelope` is what was serialised, where that is
 * at hand: who reads the record in the same process need not parse it.
 */
export interface OutboxRecord {
  readonly topic: string;
  readonly key: string;
  readonly id: string;
  readonly value: string;
  readonly envelope?: unknown;
}

/**
 * What a transaction says to the rest of the suite. Records are published after the commit, each key's in the order in which
 * they were added by transactions that locked the same conversation. On the embedded bus this table *is* the topic.
 */
export abstract class Outbox {
  abstract add(tx: Tx, records: readonly OutboxRecord[]): Promise<void>;
}
