import type { Tx } from './database';

/** A right that one process holds at a time. `fence` grows with every change of owner. */
export interface Lease {
  readonly name: string;
  readonly owner: string;
  readonly fence: number;
}

/**
 * Leases in the database (`<prefix>_leases`). A holder renews before it runs out; who holds a lease guards what it writes with
 * `assertHeld`, which fails the transaction of a stale owner.
 */
export abstract class Leases {
  /** Takes a free or run-out lease, or renews ours; null when another process holds it. */
  abstract acquire(name: string, owner: string, ttlMs: number): Promise<Lease | null>;
  /** Renews all of one owner's leases at once; answers the names of those that it still holds. */
  abstract renew(leases: readonly Lease[], ttlMs: number): Promise<ReadonlySet<string>>;
  abstract release(lease: Lease): Promise<void>;
  /** Throws `StaleLease` unless this lease still holds, locking its row until the end of the transaction. */
  abstract assertHeld(tx: Tx, lease: Lease): Promise<void>;
}

export class StaleLease extends Error {
  constructor(name: string) {
    super(`lease ${name} is held by another process now`);
  }
}
