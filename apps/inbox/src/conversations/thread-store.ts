import { Injectable } from '@nestjs/common';
import type { BusRecord } from '@huiliu/bus';
import type { Conversation } from '@huiliu/contracts';
import { Outbox, type Tx } from '@huiliu/storage';
import { DecisionsRepository } from '../decisions/decisions.repository';
import { Directory } from '../directory/directory';
import {
  addToOutbox,
  conversationUpdated,
  messageCreated,
  messageUpdated,
  offerCreated,
  offerEnded,
  routingWork,
} from '../events/records';
import { presentMessage } from '../messages/domain/message';
import { MessagesRepository } from '../messages/messages.repository';
import { OffersRepository, presentOffer } from '../offers/offers.repository';
import { SessionsRepository } from '../sessions/sessions.repository';
import type { ReplyWindow } from '../windows/domain/ledger';
import { WindowsRepository } from '../windows/windows.repository';
import { ConversationsRepository } from './conversations.repository';
import { accessOf, type LoadedThread, type RoutingFact, type Thread, type ThreadChange } from './domain/thread';
import { hasWindows, presentConversation } from './present';

/**
 * Where every writer of conversations begins and ends: `load` locks them and reads what belongs to them, `save` writes a change down with
 * all its facts. Both take the same few statements for one conversation as for hundreds.
 */
@Injectable()
export class ThreadStore {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
    private readonly sessions: SessionsRepository,
    private readonly windows: WindowsRepository,
    private readonly decisions: DecisionsRepository,
    private readonly offers: OffersRepository,
    private readonly directory: Directory,
    private readonly outbox: Outbox,
  ) {}

  /** Locks conversations (sorted by id) and reads contact, last message and reply windows; what does not exist is absent. */
  async load(tx: Tx, ids: readonly string[]): Promise<Map<string, LoadedThread>> {
    const threads = await this.conversations.lock(tx, ids);
    const known = [...threads.keys()];
    const around = await this.conversations.surroundings(tx, known);
    const windows = await this.windowsOf(tx, [...threads.values()]);
    const loaded = new Map<string, LoadedThread>();
    for (const [id, thread] of threads) {
      const beside = around.get(id);
      if (beside) loaded.set(id, { thread, ...beside, windows: windows.get(id) ?? [] });
    }
    return loaded;
  }

  /** The reply windows of those conversations whose channel has any. */
  async windowsOf(tx: Tx, threads: readonly Thread[]): Promise<Map<string, ReplyWindow[]>> {
    const windowed = threads.filter((thread) => hasWindows(this.directory, thread.channel)).map((thread) => thread.id);
    return this.windows.ofConversations(tx, windowed);
  }

  /**
   * Writes changes down and puts their facts into the outbox, then `after` (commands to connectors). Answers the conversations as they
   * are now. Throws a duplicate key, before it has written anything else, when a new message is stored already.
   */
  async save(
    tx: Tx,
    changes: readonly ThreadChange[],
    now: Date,
    after: readonly BusRecord[] = [],
  ): Promise<Map<string, Conversation>> {
    for (const change of changes)
      if (isChanged(change)) change.thread.updatedAt = laterThan(change.thread.updatedAt, now);
    const changed = changes.filter(isChanged);
    await this.messages.insert(
      tx,
      changes.flatMap((change) => change.created),
    );
    await this.messages.update(
      tx,
      changes.flatMap((change) => [...change.updated.values()]),
    );
    await this.sessions.save(tx, changes);
    await this.saveWindows(tx, changes);
    await this.decisions.insert(
      tx,
      changes.flatMap((change) => change.decisions),
    );
    await this.offers.save(
      tx,
      changes.flatMap((change) => change.offersCreated),
      changes.flatMap((change) => change.offersEnded),
    );
    await this.conversations.save(tx, changed);
    const presented = new Map(changes.map((change) => [change.thread.id, this.present(change, now)]));
    await addToOutbox(this.outbox, tx, [
      ...changes.flatMap((change) => this.recordsOf(change, presented, now)),
      ...after,
    ]);
    return presented;
  }

  /** A conversation as it stands in the hands of its writer. */
  present(change: ThreadChange, now: Date): Conversation {
    return presentConversation(change, this.directory, now);
  }

  private async saveWindows(tx: Tx, changes: readonly ThreadChange[]): Promise<void> {
    const touched = changes.filter((change) => change.windows !== change.windowsBefore);
    const removed = touched.flatMap(({ windows, windowsBefore }) => {
      const kept = new Set(windows.map((window) => window.id));
      return windowsBefore.filter((window) => !kept.has(window.id)).map((window) => window.id);
    });
    const written = touched.flatMap(({ thread, windows, windowsBefore }) => {
      const before = new Map(windowsBefore.map((window) => [window.id, window]));
      return windows
        .filter((window) => !sameWindow(before.get(window.id), window))
        .map((window) => ({ ...window, conversationId: thread.id }));
    });
    await this.windows.save(tx, removed, written);
    await this.windows.saveSpends(
      tx,
      changes.flatMap((change) => change.spends),
    );
  }

  private recordsOf(change: ThreadChange, presented: ReadonlyMap<string, Conversation>, now: Date): BusRecord[] {
    const access = accessOf(change.thread);
    const conversation = presented.get(change.thread.id);
    const records: BusRecord[] = [];
    for (const message of change.created)
      records.push(messageCreated(presentMessage(message), message.isPublic, access, now));
    for (const message of change.updated.values())
      records.push(messageUpdated(presentMessage(message), message.isPublic, access, now));
    if (conversation && isChanged(change)) {
      records.push(
        conversationUpdated(conversation, access, change.before === null ? null : accessOf(change.before), now),
      );
    }
    for (const offer of change.offersCreated) {
      records.push(offerCreated({ ...presentOffer(offer), state: 'open', endedAt: null }, now));
      if (offer.state !== 'open') records.push(offerEnded(presentOffer(offer), now));
    }
    for (const offer of change.offersEnded) records.push(offerEnded(presentOffer(offer), now));
    for (const fact of change.routing) records.push(routingRecord(fact, now));
    return records;
  }
}

/** Whether the conversation itself is another than before (its messages' states are told by their own facts). */
function isChanged(change: ThreadChange): boolean {
  return (
    change.before === null ||
    change.created.length > 0 ||
    change.windows !== change.windowsBefore ||
    differs(change.before, change.thread)
  );
}

function differs(before: Readonly<Thread>, after: Thread): boolean {
  return (Object.keys(before) as (keyof Thread)[]).some((key) => before[key] !== after[key]);
}

function sameWindow(a: ReplyWindow | undefined, b: ReplyWindow): boolean {
  return a !== undefined && a.spent === b.spent && a.total === b.total && a.expiresAt === b.expiresAt;
}

function routingRecord<F extends RoutingFact>(fact: F, now: Date): BusRecord {
  return routingWork(fact.type, fact.data as never, now);
}

/** Now, or just after what was: a process whose clock is behind never makes a conversation look older than it was. */
function laterThan(previous: string, now: Date): string {
  return new Date(Math.max(now.getTime(), Date.parse(previous) + 1)).toISOString();
}
