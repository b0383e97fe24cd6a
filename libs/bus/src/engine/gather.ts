import { AsyncResource } from 'node:async_hooks';
import type { BatchHandler, Delivery, EventBatch } from '../bus';
import { Pace } from './pace';

interface Waiting {
  readonly batch: EventBatch;
  /** Hands the batch to the handler by itself, in the trace in which it came. */
  readonly alone: () => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** So many calls of a handler at once: while the database works for one, the next is being made ready. The second only for a whole batch. */
const AT_ONCE = 2;
/** A call that takes longer than this (a connection that is half-open) no longer keeps what is less than a whole batch waiting. */
const LONG_MS = 200;
/**
 * Calls begin at least so far apart unless a whole batch waits. Where processes share few cores, many transactions of one message each take
 * the cores from one another: at 1,000 messages/s everything on the way waits less when this waits.
 */
const APART_MS = 10;

/**
 * Batches of a topic's lanes, over all its partitions, that wait while the handler is busy go to it as one: what a transaction costs is shared
 * by many where there is much to do, and who comes alone waits for nobody. Each lane hears its own outcome: when the handler fails for them
 * together it is called for each alone, so that a lane's failure stays its own; only the database's troubles are everybody's.
 */
export class Gather {
  private waiting: Waiting[] = [];
  private records = 0;
  private running = 0;
  private readonly pace = new Pace();
  private timer: NodeJS.Timeout | null = null;
  /** A call for several belongs to nobody's trace. */
  private readonly nobodys = new AsyncResource('huiliu.gather');

  constructor(
    private readonly handler: BatchHandler,
    private readonly maxBatch: number,
    private readonly isInfrastructure: (error: unknown) => boolean,
  ) {}

  handle(batch: EventBatch): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const trace = new AsyncResource('huiliu.gather');
      const alone = (): Promise<void> => trace.runInAsyncScope(() => this.handler(batch));
      this.waiting.push({ batch, alone, resolve, reject });
      this.records += batch.deliveries.length;
      if (this.timer === null || this.isWhole()) this.next();
    });
  }

  private next(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    while (this.running < AT_ONCE && this.waiting.length > 0) {
      const waitMs = this.waitMs();
      if (waitMs > 0) {
        this.timer = setTimeout(() => this.next(), Math.ceil(waitMs));
        return;
      }
      this.running++;
      this.pace.begin();
      void this.run(this.takeTogether()).finally(() => {
        this.running--;
        this.next();
      });
    }
  }

  private isWhole(): boolean {
    return this.records >= this.maxBatch;
  }

  private waitMs(): number {
    if (this.isWhole()) return 0;
    return this.pace.waitMs(this.running === 0 ? APART_MS : LONG_MS);
  }

  private takeTogether(): Waiting[] {
    let count = 0;
    let records = 0;
    for (const { batch } of this.waiting) {
      const size = batch.deliveries.length;
      if (count > 0 && records + size > this.maxBatch) break;
      records += size;
      count++;
    }
    this.records -= records;
    return this.waiting.splice(0, count);
  }

  private async run(together: readonly Waiting[]): Promise<void> {
    if (together.length > 1) {
      try {
        await this.nobodys.runInAsyncScope(() => this.handler(merged(together.map(({ batch }) => batch))));
        for (const { resolve } of together) resolve();
        return;
      } catch (error) {
        if (this.isInfrastructure(error)) {
          for (const { reject } of together) reject(error);
          return;
        }
      }
    }
    for (const { alone, resolve, reject } of together) await alone().then(resolve, reject);
  }
}

function merged(batches: readonly EventBatch[]): EventBatch {
  return {
    deliveries: batches.flatMap(({ deliveries }) => deliveries),
    // At once: they share a statement. When one fails the others are waited for, so that nothing goes on behind the end of the transaction.
    claim: async (tx) => {
      const claims = await Promise.allSettled(batches.map((batch) => batch.claim(tx)));
      return claims.flatMap((claim): readonly Delivery[] => {
        if (claim.status === 'rejected') throw claim.reason;
        return claim.value;
      });
    },
  };
}
