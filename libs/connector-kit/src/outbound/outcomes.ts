import { Inject, Injectable, Logger } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import { toOutbox, wrap } from '@huiliu/bus';
import { CHANNEL_RECEIPTS, type Receipt } from '@huiliu/contracts';
import { Clock, Database, isInfrastructureError, Outbox, StaleLease, type Tx } from '@huiliu/storage';
import type { Held } from '../leases/lease-book';
import { CommandStore, type StoredCommand } from './command-store';
import { TxBatch } from './tx-batch';

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 5_000;

/** What became of a step: the command has ended, or is to be tried again. */
export type Stepped = { readonly ended: true } | { readonly ended: false; readonly atMs: number };

export const ENDED: Stepped = { ended: true };

/** Writes what becomes of commands, together with what the inbox is told of it, and only while the lane is this process's. */
@Injectable()
export class Outcomes {
  private readonly logger = new Logger('Outcomes');
  private readonly batch: TxBatch;

  constructor(
    @Inject(Database) database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(CommandStore) private readonly store: CommandStore,
  ) {
    this.batch = new TxBatch(database);
  }

  /** Where a command stands that goes on. */
  async mark(stored: StoredCommand, held: Held, state: 'queued' | 'sending'): Promise<void> {
    const next = { ...stored, state };
    await this.write(held, (tx) => this.store.progress(tx, next));
    stored.state = state;
  }

  /** To be tried again at `atMs`. */
  async postpone(stored: StoredCommand, held: Held, atMs: number): Promise<Stepped> {
    stored.tries += 1;
    stored.notBeforeMs = atMs;
    await this.mark(stored, held, 'queued');
    return { ended: false, atMs };
  }

  /**
   * Runs a transaction under the lane's lease. What became of a call is known here and nowhere else: while the database is in trouble it is
   * tried again, as long as the lane is ours.
   */
  async write(held: Held, work: (tx: Tx) => Promise<void>): Promise<void> {
    for (let delay = FIRST_DELAY_MS; ; delay = Math.min(LONGEST_DELAY_MS, delay * 2)) {
      // Known before the transaction: a lease that this process has given up must not let it write either.
      if (held.signal.aborted) throw new StaleLease(held.name);
      try {
        return await this.batch.run(async (tx) => {
          await held.assert(tx);
          await work(tx);
        });
      } catch (error) {
        if (!isInfrastructureError(error)) throw error;
        this.logger.warn({ err: error, againInMs: delay }, 'what became of a command cannot be written now');
        await wait(delay, undefined, { signal: held.signal }).catch(() => undefined);
      }
    }
  }

  /** Tells the inbox, in the same transaction. */
  async receipt(
    tx: Tx,
    stored: StoredCommand,
    what: Pick<Receipt, 'state' | 'error' | 'remoteIds'> & { failedPart?: number },
  ): Promise<void> {
    const now = this.clock.now();
    const receipt: Receipt = {
      accountId: stored.accountId,
      conversationId: stored.conversationId,
      messageId: stored.messageId,
      attempt: stored.order.kind === 'send' ? stored.attempt : null,
      remoteId: what.remoteIds[0] ?? null,
      at: now.toISOString(),
      ...what,
    };
    await this.outbox.add(tx, [toOutbox(wrap(CHANNEL_RECEIPTS, 'receipt', stored.conversationId, receipt, now))]);
  }
}
