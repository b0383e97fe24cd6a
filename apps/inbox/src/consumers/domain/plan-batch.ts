import type { Author, ChannelInboundEvent, Content, Direction, MessageReceived, WindowRule } from '@huiliu/contracts';
import { breaks } from '@huiliu/platform';
import { answer, overhear, receive } from '../../conversations/domain/turns';
import { append, beginChange, replace, type LoadedThread, type ThreadChange } from '../../conversations/domain/thread';
import { isReaction } from '../../messages/domain/mail';
import { isItsOwnName, type MessageDraft, type StoredMessage } from '../../messages/domain/message';
import { openWindows, spend } from '../../windows/domain/ledger';

/** An event and the conversation it belongs to. */
export interface PlacedEvent {
  readonly conversationId: string;
  readonly event: ChannelInboundEvent;
}

/** What a batch meets: everything the plan depends on. */
export interface BatchState {
  /** Locked conversations; `isNew`: made by this batch. */
  readonly threads: ReadonlyMap<string, LoadedThread & { readonly isNew: boolean }>;
  /** Ids and dedupe keys of messages that are stored: an event that repeats one changes nothing. */
  readonly stored: ReadonlySet<string>;
  /** Stored messages that edits and recalls of this batch name, by the dedupe key of that name. */
  readonly messages: ReadonlyMap<string, StoredMessage>;
  /** Dedupe keys of remote ids that we gave or got when we sent: their echo is no message. */
  readonly sentByUs: ReadonlySet<string>;
  /** Contents whose attachments have been looked up, by event id. */
  readonly contents: ReadonlyMap<string, Content>;
}

export interface PlanContext {
  readonly now: Date;
  readonly newId: () => string;
  /** The dedupe key of a message that a platform named. */
  readonly keyOf: (accountId: string, remoteId: string) => string;
  /** The id of a message that its writer named. */
  readonly idOf: (conversationId: string, direction: Direction, clientId: string) => string;
  /** Whether an assignee has left, so that someone else is needed. */
  readonly isAway: (agentId: string) => boolean;
  readonly rulesOf: (channel: string) => readonly WindowRule[];
}

/**
 * What a batch of inbound events does to its conversations: `(state, events, now) → changes`, in the order of the events. No I/O; the same
 * events again, with what they stored known, change nothing.
 */
export function planBatch(state: BatchState, events: readonly PlacedEvent[], context: PlanContext): ThreadChange[] {
  const changes = new Map<string, ThreadChange>();
  const seen = new Set<string>();
  for (const { conversationId, event } of events) {
    const loaded = state.threads.get(conversationId);
    if (!loaded) continue;
    let change = changes.get(conversationId);
    if (!change) changes.set(conversationId, (change = beginChange(loaded, loaded.isNew)));
    switch (event.type) {
      case 'message.received':
        takeMessage(change, event, state, seen, context);
        break;
      case 'message.edited':
        amend(change, event.data, state, context, (message) => ({
          ...message,
          content: state.contents.get(event.id) ?? event.data.content,
        }));
        break;
      case 'message.recalled':
        amend(change, event.data, state, context, (message) => ({
          ...message,
          recalledAt: message.recalledAt ?? event.data.recalledAt,
        }));
        break;
      case 'contact.entered':
        opened(change, event.data.opens, event.data.at, context);
        break;
      case 'contact.left':
        break;
    }
  }
  return [...changes.values()];
}

function takeMessage(
  change: ThreadChange,
  event: Extract<ChannelInboundEvent, { type: 'message.received' }>,
  state: BatchState,
  seen: Set<string>,
  context: PlanContext,
): void {
  const { data } = event;
  const draft = draftOf(change, data, state.contents.get(event.id) ?? data.content, context);
  const names = draft.dedupeKey === null ? [draft.id] : [draft.id, draft.dedupeKey];
  if (names.some((name) => seen.has(name) || state.stored.has(name))) return;
  if (data.direction === 'outbound' && state.sentByUs.has(context.keyOf(data.accountId, data.remoteId))) return;
  for (const name of names) seen.add(name);
  if (data.direction === 'inbound' && change.thread.lastSeq > 0 && isReaction(draft.content)) overhear(change, draft);
  else if (data.direction === 'inbound') receive(change, draft, context);
  else if (data.direction === 'system') append(change, draft);
  else {
    answer(change, draft, null);
    const paid = spend(change.windows, 1, 0, context.now);
    if (paid !== null) change.windows = paid.windows;
  }
  opened(change, data.opens, draft.createdAt, context);
}

function draftOf(change: ThreadChange, data: MessageReceived, content: Content, context: PlanContext): MessageDraft {
  const { thread, contact } = change;
  const again = breaks('dedupe') ? context.newId() : null;
  const id =
    again ??
    (data.clientId !== null
      ? context.idOf(thread.id, data.direction, data.clientId)
      : (data.messageId ?? context.newId()));
  const isTheirs = data.contact.remoteId === contact.remoteId;
  const theirName = data.authorName || (isTheirs ? contact.name : data.contact.name || data.contact.remoteId);
  const author: Author =
    data.direction === 'inbound'
      ? { type: 'contact', id: isTheirs ? contact.id : null, name: theirName }
      : data.direction === 'outbound'
        ? { type: 'external', id: null, name: data.authorName ?? '' }
        : { type: 'system', id: null, name: '' };
  // A platform's clock may run ahead; what has not happened yet cannot have been written.
  const createdAt = Date.parse(data.sentAt) > context.now.getTime() ? context.now.toISOString() : data.sentAt;
  // Every field by name: an object made by spreading costs several times as much, and this is made for each message.
  return {
    id,
    direction: data.direction,
    author: { type: author.type, id: author.id, name: author.name.slice(0, 255) },
    content,
    state: data.direction === 'outbound' ? 'sent' : 'received',
    error: null,
    attempt: 1,
    failedPart: null,
    remoteId: data.remoteId,
    remoteIds: data.direction === 'outbound' ? [data.remoteId] : [],
    clientId: data.clientId,
    // What is named by its own id is known by it: a second key would only be a second place in the largest table to look in and to write to.
    dedupeKey: data.remoteId === id ? null : context.keyOf(data.accountId, again ?? data.remoteId),
    isPublic: data.direction !== 'system',
    recalledAt: null,
    createdAt,
  };
}

/** Changes a message of this conversation, stored or of this batch; one that nobody knows is left. */
function amend(
  change: ThreadChange,
  { accountId, remoteId }: { readonly accountId: string; readonly remoteId: string },
  state: BatchState,
  context: PlanContext,
  amended: (message: StoredMessage) => StoredMessage,
): void {
  const key = context.keyOf(accountId, remoteId);
  const isNamed = (message: StoredMessage): boolean =>
    message.dedupeKey === key || (message.id === remoteId && isItsOwnName(message));
  const inBatch = change.created.find(isNamed) ?? [...change.updated.values()].find(isNamed);
  const message = inBatch ?? state.messages.get(key);
  if (message?.conversationId === change.thread.id) replace(change, amended(message));
}

function opened(change: ThreadChange, act: string | undefined, at: string, context: PlanContext): void {
  if (act === undefined) return;
  const rules = context.rulesOf(change.thread.channel);
  if (!rules.some((rule) => rule.opens.includes(act))) return;
  change.windows = openWindows(change.windows, rules, act, at, context.newId);
}
