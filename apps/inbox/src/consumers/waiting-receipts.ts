import { Injectable } from '@nestjs/common';
import type { Receipt } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { Clock, Database, type Tx } from '@huiliu/storage';
import { append, beginChange, type ThreadChange } from '../conversations/domain/thread';
import { DueWork } from '../conversations/due-work';
import { ThreadStore } from '../conversations/thread-store';
import { systemDraft } from '../messages/domain/drafts';
import { RemoteIdsRepository, type RemoteOwner } from '../messages/remote-ids.repository';
import { WaitingReceiptsRepository, type WaitingReceipt } from '../messages/waiting-receipts.repository';
import { ReceiptsWriter } from './receipts-writer';

/**
 * Receipts for remote ids that nobody knows. They are applied when the id becomes known (the answer to a send may come after what the platform
 * tells of it, through another partition). After ten minutes they are shown: as a line that agents see where the conversation is known,
 * in the log where it is not.
 */
@Injectable()
export class WaitingReceipts extends DueWork<WaitingReceipt> {
  constructor(
    private readonly database: Database,
    clock: Clock,
    private readonly rows: WaitingReceiptsRepository,
    private readonly remoteIds: RemoteIdsRepository,
    private readonly writer: ReceiptsWriter,
    private readonly store: ThreadStore,
  ) {
    super(clock);
  }

  protected next(): Promise<Date | null> {
    return this.rows.nextExpiry(this.database);
  }

  protected due(now: Date, limit: number): Promise<WaitingReceipt[]> {
    return this.rows.due(this.database, now, limit);
  }

  /** Applies what has found its message by now and shows what has waited long enough. */
  protected async settle(due: readonly WaitingReceipt[]): Promise<void> {
    const owners = await this.remoteIds.owners(
      this.database,
      due.map(({ remoteKey }) => remoteKey),
    );
    const known = due.filter(({ remoteKey }) => owners.has(remoteKey));
    const lost = due.filter(({ remoteKey }) => !owners.has(remoteKey));
    if (known.length > 0) await this.database.transaction((tx) => this.applyKnown(tx, known, owners));
    if (lost.length > 0) await this.database.transaction((tx) => this.show(tx, lost));
  }

  private async applyKnown(
    tx: Tx,
    known: readonly WaitingReceipt[],
    owners: ReadonlyMap<string, RemoteOwner>,
  ): Promise<void> {
    const still = await this.take(tx, known);
    await this.writer.applyMatched(
      tx,
      still.flatMap(({ receipt, remoteKey }) => {
        const owner = owners.get(remoteKey);
        return owner ? [{ receipt, owner }] : [];
      }),
    );
  }

  private async show(tx: Tx, lost: readonly WaitingReceipt[]): Promise<void> {
    // Conversations are locked first, as everywhere.
    const loaded = await this.store.load(tx, [...new Set(lost.flatMap(({ receipt }) => receipt.conversationId ?? []))]);
    const now = this.clock.now();
    const changes = new Map<string, ThreadChange>();
    for (const { receipt } of await this.take(tx, lost)) {
      const thread = receipt.conversationId === null ? undefined : loaded.get(receipt.conversationId);
      if (thread?.thread.accountId !== receipt.accountId) {
        this.logger.warn(
          { accountId: receipt.accountId, state: receipt.state, code: receipt.error?.code },
          'a receipt for something that was not sent from here',
        );
        continue;
      }
      const change = changes.get(thread.thread.id) ?? beginChange(thread);
      changes.set(thread.thread.id, change);
      append(change, systemDraft(newId(), wordsOf(receipt), now));
    }
    await this.store.save(tx, [...changes.values()], now);
  }

  /** Takes those out of the table that no other process has taken. */
  private async take(tx: Tx, waiting: readonly WaitingReceipt[]): Promise<WaitingReceipt[]> {
    const still = await this.rows.lock(
      tx,
      waiting.map(({ id }) => id),
    );
    await this.rows.remove(
      tx,
      still.map(({ id }) => id),
    );
    return still;
  }
}

/** What an agent reads of a receipt for a message that is not here; without the remote id, which says nothing to them. */
function wordsOf(receipt: Receipt): string {
  const why = receipt.error === null ? '' : ` (${receipt.error.code}: ${receipt.error.message})`;
  return `The platform reports "${receipt.state}" for a message that was not sent from here${why}.`;
}
