import { Injectable, Logger } from '@nestjs/common';
import type { Receipt } from '@huiliu/contracts';
import { Clock, type Tx } from '@huiliu/storage';
import { ConversationsRepository } from '../conversations/conversations.repository';
import { beginChange, replace, type ThreadChange } from '../conversations/domain/thread';
import { ThreadStore } from '../conversations/thread-store';
import { applyReceipt, readBefore, type Outcome } from '../messages/domain/receipts';
import type { StoredMessage } from '../messages/domain/message';
import { MessagesRepository } from '../messages/messages.repository';
import { messageKeyOf, RemoteIdsRepository, type RemoteOwner } from '../messages/remote-ids.repository';
import { WaitingReceiptsRepository } from '../messages/waiting-receipts.repository';
import { exhaust, refund, type Spend } from '../windows/domain/ledger';
import { WindowsRepository } from '../windows/windows.repository';

/** How long a receipt for an unknown remote id waits for the answer to the send that it speaks of. */
const WAIT_MS = 10 * 60_000;

/** A receipt and the event that told it. */
export interface ToldReceipt {
  readonly eventId: string;
  readonly receipt: Receipt;
}

/** A receipt and the message that it speaks of. */
interface MatchedReceipt {
  readonly receipt: Receipt;
  readonly owner: RemoteOwner;
}

/** Brings messages to where their receipts say they are. */
@Injectable()
export class ReceiptsWriter {
  private readonly logger = new Logger(ReceiptsWriter.name);

  constructor(
    private readonly clock: Clock,
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
    private readonly remoteIds: RemoteIdsRepository,
    private readonly waiting: WaitingReceiptsRepository,
    private readonly windows: WindowsRepository,
    private readonly store: ThreadStore,
  ) {}

  /** Everything that these receipts, none of them handled before, do. Answers whether some of them wait. */
  async apply(tx: Tx, told: readonly ToldReceipt[]): Promise<boolean> {
    const { matched, unmatched } = await this.match(tx, told);
    await this.waiting.insert(tx, unmatched);
    await this.applyMatched(tx, matched);
    return unmatched.length > 0;
  }

  /** Applies receipts to their messages, with those that waited for the remote ids which these bring. */
  async applyMatched(tx: Tx, matched: readonly MatchedReceipt[]): Promise<void> {
    if (matched.length === 0) return;
    const owned = new Map<string, RemoteOwner>();
    for (const { receipt, owner } of matched) {
      for (const remoteId of [...receipt.remoteIds, ...(receipt.remoteId === null ? [] : [receipt.remoteId])])
        owned.set(messageKeyOf(receipt.accountId, remoteId), owner);
    }
    const late = await this.waiting.byKeys(tx, [...owned.keys()]);
    const all = [
      ...matched,
      ...late.flatMap(({ receipt, remoteKey }) => ({ receipt, owner: owned.get(remoteKey) as RemoteOwner })),
    ];
    const changes = await this.begin(tx, all);
    const stored = await this.messages.byIds(tx, [...new Set(all.map(({ owner }) => owner.messageId))]);
    const spends = await this.windows.spendsOf(
      tx,
      all.filter(({ receipt }) => receipt.state === 'failed').map(({ owner }) => owner.messageId),
    );
    const believed = all.filter((match) => this.isTheirs(match, changes, stored));
    const now = this.clock.now();
    for (const { receipt, owner } of believed) {
      const change = changes.get(owner.conversationId);
      const before = change?.updated.get(owner.messageId) ?? stored.get(owner.messageId);
      if (change === undefined || before === undefined) continue;
      settle(change, before, applyReceipt(before, receipt), spends.get(owner.messageId) ?? [], now);
    }
    await this.readUpTo(tx, changes, believed, stored);
    await this.fillTouched(tx, changes);
    await this.store.save(tx, [...changes.values()], now);
    const trusted = new Set(believed.map(({ owner }) => owner.messageId));
    await this.remoteIds.save(tx, new Map([...owned].filter(([, owner]) => trusted.has(owner.messageId))));
    await this.waiting.remove(
      tx,
      late.map(({ id }) => id),
    );
  }

  /** Finds the messages that receipts speak of, by our id or by the platform's. */
  private async match(
    tx: Tx,
    told: readonly ToldReceipt[],
  ): Promise<{ matched: MatchedReceipt[]; unmatched: Parameters<WaitingReceiptsRepository['insert']>[1] }> {
    const byRemoteId = told.filter(({ receipt }) => receipt.messageId === null && receipt.remoteId !== null);
    const owners = await this.remoteIds.owners(
      tx,
      byRemoteId.map(({ receipt }) => messageKeyOf(receipt.accountId, receipt.remoteId as string)),
    );
    const homeless = told.flatMap(({ receipt }) =>
      receipt.messageId !== null && receipt.conversationId === null ? receipt.messageId : [],
    );
    const places = new Map(
      (await this.messages.placesOf(tx, homeless, [])).map((place) => [place.id, place.conversationId]),
    );
    const expiresAt = new Date(this.clock.now().getTime() + WAIT_MS).toISOString();
    const matched: MatchedReceipt[] = [];
    const unmatched: { id: string; remoteKey: string; receipt: Receipt; expiresAt: string }[] = [];
    for (const { eventId, receipt } of told) {
      const { messageId, remoteId } = receipt;
      if (messageId !== null) {
        const conversationId = receipt.conversationId ?? places.get(messageId);
        if (conversationId !== undefined) matched.push({ receipt, owner: { messageId, conversationId } });
        else this.logger.warn({ messageId, state: receipt.state }, 'a receipt speaks of a message that does not exist');
      } else if (remoteId !== null) {
        const remoteKey = messageKeyOf(receipt.accountId, remoteId);
        const owner = owners.get(remoteKey);
        if (owner) matched.push({ receipt, owner });
        else unmatched.push({ id: eventId, remoteKey, receipt, expiresAt });
      } else this.logger.warn({ accountId: receipt.accountId, state: receipt.state }, 'a receipt names no message');
    }
    return { matched, unmatched };
  }

  /** Locks the conversations. Contact and last message are read only for those that others must hear of. */
  private async begin(tx: Tx, matched: readonly MatchedReceipt[]): Promise<Map<string, ThreadChange>> {
    const locked = await this.conversations.lock(tx, [...new Set(matched.map(({ owner }) => owner.conversationId))]);
    const windows = await this.store.windowsOf(tx, [...locked.values()]);
    const changes = new Map<string, ThreadChange>();
    for (const [id, thread] of locked) {
      const contact = { id: thread.contactId, name: '', remoteId: '' };
      changes.set(id, beginChange({ thread, contact, lastMessage: null, windows: windows.get(id) ?? [] }));
    }
    return changes;
  }

  /** A receipt speaks only for messages of the account that it comes from. */
  private isTheirs(
    { receipt, owner }: MatchedReceipt,
    changes: ReadonlyMap<string, ThreadChange>,
    stored: ReadonlyMap<string, StoredMessage>,
  ): boolean {
    const change = changes.get(owner.conversationId);
    const message = stored.get(owner.messageId);
    if (change && message?.conversationId === owner.conversationId && change.thread.accountId === receipt.accountId)
      return true;
    this.logger.warn(
      { messageId: owner.messageId, accountId: receipt.accountId, state: receipt.state },
      'a receipt speaks of a message that is not its account’s',
    );
    return false;
  }

  /** Who has read a message has read what came before it in the thread. */
  private async readUpTo(
    tx: Tx,
    changes: ReadonlyMap<string, ThreadChange>,
    believed: readonly MatchedReceipt[],
    stored: ReadonlyMap<string, StoredMessage>,
  ): Promise<void> {
    const upTo = new Map<string, number>();
    for (const { receipt, owner } of believed) {
      if (receipt.state !== 'read') continue;
      const seq = stored.get(owner.messageId)?.seq ?? 0;
      upTo.set(owner.conversationId, Math.max(seq, upTo.get(owner.conversationId) ?? 0));
    }
    for (const stored of await this.messages.unreadByCustomer(tx, upTo)) {
      const change = changes.get(stored.conversationId);
      if (change && !change.updated.has(stored.id)) replace(change, readBefore(stored));
    }
    for (const [conversationId, seq] of upTo) {
      const change = changes.get(conversationId);
      if (change === undefined) continue;
      const told = [...change.updated.values()].filter((message) => message.seq <= seq && isOut(message));
      for (const message of told) replace(change, readBefore(message));
    }
  }

  /** Reply windows are part of what conversations show: those that changed are told with all that belongs to them. */
  private async fillTouched(tx: Tx, changes: ReadonlyMap<string, ThreadChange>): Promise<void> {
    const touched = [...changes.values()].filter((change) => change.windows !== change.windowsBefore);
    const around = await this.conversations.surroundings(
      tx,
      touched.map(({ thread }) => thread.id),
    );
    for (const change of touched) {
      const beside = around.get(change.thread.id);
      if (!beside) continue;
      change.contact = beside.contact;
      change.lastMessage = (beside.lastMessage && change.updated.get(beside.lastMessage.id)) ?? beside.lastMessage;
    }
  }
}

/** Whether a message has gone out and is not known to have been read. */
const isOut = (message: StoredMessage): boolean => message.state === 'sent' || message.state === 'delivered';

function settle(
  change: ThreadChange,
  before: StoredMessage,
  outcome: Outcome,
  spends: readonly Spend[],
  now: Date,
): void {
  if (outcome.message !== before) replace(change, outcome.message);
  if (outcome.refund !== null) {
    const paid = spends.filter(
      (entry) =>
        entry.attempt === outcome.refund?.attempt &&
        !entry.refunded &&
        !change.spends.some((settled) => sameSpend(settled, entry)),
    );
    if (paid.length > 0) {
      const back = refund(change.windows, paid, outcome.refund.sent);
      change.windows = back.windows;
      change.spends.push(...back.spends);
    }
  }
  if (outcome.exhausted) change.windows = exhaust(change.windows, now);
}

function sameSpend(a: Spend, b: Spend): boolean {
  return a.messageId === b.messageId && a.attempt === b.attempt && a.windowId === b.windowId;
}
