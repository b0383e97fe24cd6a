import type { Tx } from '@huiliu/storage';
import type { BatchHandler, Delivery } from '../bus';
import type { Pauses, RunnerDeps } from './host';
import { KeyParked } from './progress';
import { pauseDelayMs } from './timing';

/** What came of handing a batch to its handler. */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: unknown; readonly pausedMs: number }
  /** A key has been parked meanwhile: sort the batch anew. */
  | { readonly kind: 'parked' }
  /** The runner stops; nothing is known to be done. */
  | { readonly kind: 'stopped' };

/**
 * Hands deliveries to a handler. Repeats while the database or the broker is at fault; any other error is the caller's business.
 * `note` records in a transaction that they were handled; with `mustNote` it runs even when the handler did not ask for it.
 */
export async function deliver(
  deps: RunnerDeps,
  pauses: Pauses,
  handler: BatchHandler,
  deliveries: readonly Delivery[],
  note: (tx: Tx) => Promise<readonly Delivery[]>,
  mustNote: boolean,
): Promise<Outcome> {
  let pausedMs = 0;
  for (let failures = 1; ; failures++) {
    let noted = false;
    const claim = async (tx: Tx): Promise<readonly Delivery[]> => {
      const fresh = await note(tx);
      tx.afterCommit(() => {
        noted = true;
      });
      return fresh;
    };
    try {
      const only = deliveries.length === 1 ? deliveries[0] : undefined;
      const traceparent = only?.envelope.traceparent ?? null;
      const batch = { deliveries, claim };
      await (traceparent === null ? handler(batch) : deps.traced(traceparent, () => handler(batch)));
      if (mustNote && !noted) await deps.db.transaction(claim);
      pauses.trouble(null);
      return { kind: 'done' };
    } catch (error) {
      if (error instanceof KeyParked) return { kind: 'parked' };
      if (!deps.isInfrastructure(error)) return { kind: 'failed', error, pausedMs };
      pausedMs += await pause(deps, pauses, error, failures);
      if (pauses.stopped) return { kind: 'stopped' };
    }
  }
}

/** Runs a transaction of the engine's own until it succeeds; false when the runner stopped before. */
export async function persist(deps: RunnerDeps, pauses: Pauses, work: (tx: Tx) => Promise<void>): Promise<boolean> {
  for (let failures = 1; !pauses.stopped; failures++) {
    try {
      await deps.db.transaction(work);
      pauses.trouble(null);
      return true;
    } catch (error) {
      await pause(deps, pauses, error, failures);
    }
  }
  return false;
}

async function pause(deps: RunnerDeps, pauses: Pauses, error: unknown, failures: number): Promise<number> {
  if (pauses.stopped) return 0;
  pauses.trouble(error);
  const ms = pauseDelayMs(deps.timing, failures);
  await pauses.sleep(ms);
  return ms;
}
