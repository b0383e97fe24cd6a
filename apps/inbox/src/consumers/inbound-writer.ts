import { Injectable } from '@nestjs/common';
import type { ChannelInboundEvent, Content, RemoteConversation } from '@huiliu/contracts';
import { messageIdOf, newId } from '@huiliu/platform';
import { Clock, isDuplicateKey, type Tx } from '@huiliu/storage';
import { Placement, placeKeyOf, type Place, type WantedPlace } from '../contacts/placement';
import { isAway } from '../conversations/away';
import { ConversationsRepository } from '../conversations/conversations.repository';
import type { LoadedThread, ThreadChange } from '../conversations/domain/thread';
import { ThreadStore } from '../conversations/thread-store';
import { Directory } from '../directory/directory';
import { MessagesRepository } from '../messages/messages.repository';
import { messageKeyOf, RemoteIdsRepository } from '../messages/remote-ids.repository';
import { ThreadPlacement } from '../threads/thread-placement';
import { ThreadsRepository } from '../threads/threads.repository';
import { planBatch, type BatchState, type PlacedEvent, type PlanContext } from './domain/plan-batch';
import { InboundAttachments } from './inbound-attachments';

/** An event of an account that the inbox does not know: it is parked, visible at `/dlq`, and tried again until the account is known. */
export class UnknownAccount extends Error {
  constructor(accountId: string, channel: string) {
    super(`account ${accountId} is not a ${channel} account of this inbox`);
  }
}

/** Applies inbound events inside a transaction: places them, plans what they do and writes it down. */
@Injectable()
export class InboundWriter {
  constructor(
    private readonly clock: Clock,
    private readonly directory: Directory,
    private readonly placement: Placement,
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
    private readonly remoteIds: RemoteIdsRepository,
    private readonly store: ThreadStore,
    private readonly attachments: InboundAttachments,
    private readonly threads: ThreadPlacement,
    private readonly chains: ThreadsRepository,
  ) {}

  /** Throws `UnknownAccount` for the first event of an account that is not ours, deleted ones included; looks again before it says so. */
  async checkAccounts(events: readonly ChannelInboundEvent[]): Promise<void> {
    const channels = new Map(events.map(({ data }) => [`${data.accountId} ${data.channel}`, data]));
    for (const { accountId, channel } of channels.values()) {
      if (this.directory.account(accountId) === undefined) await this.directory.reloadAccount(accountId);
      const account = this.directory.account(accountId);
      if (account === undefined || account.deletedAt !== null || account.channel !== channel)
        throw new UnknownAccount(accountId, channel);
    }
  }

  /** Everything that these events, none of them handled before, do. */
  async apply(tx: Tx, events: readonly ChannelInboundEvent[]): Promise<void> {
    if (events.length === 0) return;
    const now = this.clock.now();
    const { placed, places } = await this.place(tx, events, now);
    const threads = await this.load(tx, places);
    let state: BatchState = { threads, stored: new Set(), ...(await this.namedBy(tx, placed)) };
    const context = this.context(now);
    for (;;) {
      const changes = planBatch(state, placed, context);
      await this.fillLastMessages(tx, changes);
      try {
        await this.store.save(tx, changes, now);
        await this.keepReferences(tx, placed, changes);
        return;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        const stored = await this.alreadyStored(tx, changes);
        // A duplicate of something else than a message is not ours to explain.
        if ([...stored].every((name) => state.stored.has(name))) throw error;
        state = { ...state, stored: new Set([...state.stored, ...stored]) };
      }
    }
  }

  /** The conversations that events belong to: by thread where they name one, else by their remote conversation. */
  private async place(
    tx: Tx,
    events: readonly ChannelInboundEvent[],
    now: Date,
  ): Promise<{ placed: PlacedEvent[]; places: Place[] }> {
    const homes = await this.threads.homesOf(tx, events, now);
    const wanted: WantedPlace[] = [];
    const joined = new Map<string, RemoteConversation[]>();
    const begun = new Set([...homes.values()].flatMap(({ begins, conversationId }) => (begins ? conversationId : [])));
    for (const { id, type, data } of events) {
      const home = homes.get(id);
      if (home === undefined) wanted.push({ remote: data, creates: type === 'message.received' });
      else if (home.begins) wanted.push({ remote: { ...data, conversationId: home.conversationId }, creates: true });
      else if (!begun.has(home.conversationId))
        joined.set(home.conversationId, [...(joined.get(home.conversationId) ?? []), data]);
    }
    if (joined.size === 0) this.placement.lockAhead(tx, wanted);
    const places = await this.placement.place(tx, wanted, now);
    const placed = events.flatMap((event): PlacedEvent[] => {
      const home = homes.get(event.id);
      const conversationId = home?.conversationId ?? places.get(placeKeyOf(event.data))?.conversationId;
      // What was linked to a conversation that another process has made under another id must be planned anew.
      if (home?.begins === true && places.get(placeKeyOf(event.data))?.conversationId !== conversationId)
        throw new Error('another process has begun this thread');
      return conversationId === undefined ? [] : [{ conversationId, event }];
    });
    const revisited = joined.size === 0 ? [] : (await this.placement.revisit(tx, joined, now)).values();
    return { placed, places: [...places.values(), ...revisited] };
  }

  /** Keeps the chains that new messages name, for the answers to them. */
  private async keepReferences(
    tx: Tx,
    placed: readonly PlacedEvent[],
    changes: readonly ThreadChange[],
  ): Promise<void> {
    const chains = new Map<string, readonly string[]>();
    for (const { event } of placed) {
      if (event.type !== 'message.received' || !event.data.thread?.references.length) continue;
      chains.set(messageKeyOf(event.data.accountId, event.data.remoteId), [...event.data.thread.references].reverse());
    }
    if (chains.size === 0) return;
    const created = changes.flatMap((change) => change.created);
    const named = created.flatMap(({ id, dedupeKey }): [string, readonly string[]][] => {
      const chain = dedupeKey === null ? undefined : chains.get(dedupeKey);
      return chain === undefined ? [] : [[id, chain]];
    });
    await this.chains.saveReferences(tx, new Map(named));
  }

  private context(now: Date): PlanContext {
    return {
      now,
      newId,
      keyOf: messageKeyOf,
      idOf: messageIdOf,
      isAway: (agentId) => isAway(this.directory, agentId),
      rulesOf: (channel) => this.directory.definition(channel)?.replyWindow.rules ?? [],
    };
  }

  /** Locks the conversations. Their last messages are read only for those that get none in this batch. */
  private async load(tx: Tx, places: readonly Place[]): Promise<Map<string, LoadedThread & { isNew: boolean }>> {
    const byId = new Map(places.map((place) => [place.conversationId, place]));
    const locked = await this.conversations.lock(tx, [...byId.keys()]);
    const windows = await this.store.windowsOf(tx, [...locked.values()]);
    const loaded = new Map<string, LoadedThread & { isNew: boolean }>();
    for (const [id, thread] of locked) {
      const { contact, isNew } = byId.get(id) as Place;
      loaded.set(id, { thread, contact, lastMessage: null, windows: windows.get(id) ?? [], isNew });
    }
    return loaded;
  }

  /** What the events name beside their conversations; in most batches nothing, and then nothing is asked. */
  private async namedBy(
    tx: Tx,
    placed: readonly PlacedEvent[],
  ): Promise<Pick<BatchState, 'messages' | 'sentByUs' | 'contents'>> {
    const amended = placed.flatMap(({ event }) =>
      event.type === 'message.edited' || event.type === 'message.recalled'
        ? [[messageKeyOf(event.data.accountId, event.data.remoteId), event.data.remoteId] as const]
        : [],
    );
    const messages = await this.messages.byRemoteNames(tx, new Map(amended));
    const echoKeys = placed.flatMap(({ event }) =>
      event.type === 'message.received' && event.data.direction === 'outbound'
        ? messageKeyOf(event.data.accountId, event.data.remoteId)
        : [],
    );
    const sentByUs = await this.remoteIds.owners(tx, echoKeys);
    const contents: Map<string, Content> = await this.attachments.resolve(tx, placed);
    return { messages, sentByUs: new Set(sentByUs.keys()), contents };
  }

  /**
   * After a duplicate: the ids and keys of this plan that are stored already. A large insert goes in several statements, so some of ours may
   * be in: they lie above the place that their conversation had reached when it was locked, and are taken out again.
   */
  private async alreadyStored(tx: Tx, changes: readonly ThreadChange[]): Promise<Set<string>> {
    const planned = changes.flatMap(({ created }) => created);
    const reached = new Map(changes.map(({ thread, created }) => [thread.id, thread.lastSeq - created.length]));
    const places = await this.messages.placesOf(
      tx,
      planned.map(({ id }) => id),
      planned.flatMap(({ dedupeKey }) => dedupeKey ?? []),
    );
    const ours = places.filter(({ conversationId, seq }) => seq > (reached.get(conversationId) ?? Infinity));
    await this.messages.remove(
      tx,
      ours.map(({ id }) => id),
    );
    const stored = places.filter((place) => !ours.includes(place));
    return new Set(stored.flatMap(({ id, key }) => (key === null ? [id] : [id, key])));
  }

  private async fillLastMessages(tx: Tx, changes: readonly ThreadChange[]): Promise<void> {
    const bare = changes.filter(({ lastMessage, thread }) => lastMessage === null && thread.lastMessageId !== null);
    if (bare.length === 0) return;
    const found = await this.messages.byIds(
      tx,
      bare.map(({ thread }) => thread.lastMessageId as string),
    );
    for (const change of bare) {
      const id = change.thread.lastMessageId as string;
      change.lastMessage = change.updated.get(id) ?? found.get(id) ?? null;
    }
  }
}
