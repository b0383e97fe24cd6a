import type { Tx } from '@huiliu/storage';
import type { Entry, Window } from './record';

/** A key of the batch has been parked by another process meanwhile: the batch is sorted anew. */
export class KeyParked extends Error {
  constructor() {
    super('a key of this batch is parked');
  }
}

/** How a bus remembers, in the consumer's own database, what of a partition was handled. */
export interface Progress {
  /** Where positions live in the database, a batch whose handler claimed nothing must still be noted. */
  readonly persists: boolean;
  /** Notes in `tx` that entries are done; answers those that were not before. `window`: all that is in hand of the partition, in order. */
  claim(tx: Tx, entries: readonly Entry[], window: Window): Promise<readonly Entry[]>;
  /** The same for entries that are put aside instead of handled. */
  setAside(tx: Tx, entries: readonly Entry[], window: Window): Promise<readonly Entry[]>;
}
