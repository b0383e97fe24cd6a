import type { Conversation, Message } from '@huiliu/contracts';

/**
 * What the page knows of conversations and messages, merged from REST answers and frames.
 *
 * Frames tell every change in order, so what a frame said holds until the next frame. A REST answer is a picture of the moment at
 * which it was asked for (`asOf`, a tick of this state): it fills in and refreshes what no frame has touched since. Whatever the
 * order in which the two arrive, the end is the same as the server's.
 */
export interface InboxState {
  /** Counts the frames applied. */
  readonly tick: number;
  readonly conversations: ReadonlyMap<string, Known<Conversation>>;
  /** When conversations went out of sight, so that an answer on its way does not bring them back. */
  readonly removed: ReadonlyMap<string, number>;
  /** Messages by conversation, for conversations that have been opened. */
  readonly threads: ReadonlyMap<string, ReadonlyMap<string, Known<Message>>>;
}

interface Known<T> {
  readonly value: T;
  /** Tick of the last frame about it; 0 while none was. */
  readonly touched: number;
  /** Whether what is known came by a frame; else by REST. */
  readonly byFrame: boolean;
}

export interface RecordFrame {
  readonly type: string;
  readonly data: unknown;
}

export type InboxAction =
  | { readonly type: 'frames'; readonly frames: readonly RecordFrame[] }
  | { readonly type: 'conversations'; readonly items: readonly Conversation[]; readonly asOf: number }
  | {
      readonly type: 'messages';
      readonly conversationId: string;
      readonly items: readonly Message[];
      readonly asOf: number;
    }
  /** From now on keeps the messages of this conversation that frames bring. */
  | { readonly type: 'open'; readonly conversationId: string }
  | { readonly type: 'gone'; readonly conversationId: string }
  /** The feed has a gap: nothing known holds any more. Threads in `keep` stay open, empty. */
  | { readonly type: 'reset'; readonly keep: readonly string[] };

export const EMPTY: InboxState = { tick: 0, conversations: new Map(), removed: new Map(), threads: new Map() };

/** A copy that is changed in place while one action is applied. */
interface Draft {
  tick: number;
  conversations: Map<string, Known<Conversation>>;
  removed: Map<string, number>;
  threads: Map<string, Map<string, Known<Message>>>;
  /** Threads already copied, which may be changed in place. */
  readonly owned: Set<string>;
}

function draftOf(state: InboxState): Draft {
  return {
    tick: state.tick,
    conversations: new Map(state.conversations),
    removed: new Map(state.removed),
    threads: new Map(state.threads as Map<string, Map<string, Known<Message>>>),
    owned: new Set(),
  };
}

function ownThread(draft: Draft, conversationId: string): Map<string, Known<Message>> | undefined {
  const thread = draft.threads.get(conversationId);
  if (!thread || draft.owned.has(conversationId)) return thread;
  const copy = new Map(thread);
  draft.threads.set(conversationId, copy);
  draft.owned.add(conversationId);
  return copy;
}

function forget(draft: Draft, conversationId: string): void {
  draft.conversations.delete(conversationId);
  draft.threads.delete(conversationId);
  draft.owned.delete(conversationId);
}

function applyConversation(draft: Draft, conversation: Conversation): void {
  draft.removed.delete(conversation.id);
  const known = draft.conversations.get(conversation.id);
  // A REST answer was ahead of the feed: newer frames follow. Between frames their order decides, not the clocks of their writers.
  if (known && !known.byFrame && conversation.updatedAt < known.value.updatedAt) return;
  draft.conversations.set(conversation.id, { value: conversation, touched: draft.tick, byFrame: true });
}

function applyMessage(draft: Draft, message: Message): void {
  ownThread(draft, message.conversationId)?.set(message.id, { value: message, touched: draft.tick, byFrame: true });
  const known = draft.conversations.get(message.conversationId);
  const last = known?.value.lastMessage;
  // The last line follows at once; the frame of the conversation itself brings the rest.
  if (known && last && last.id === message.id) {
    draft.conversations.set(message.conversationId, { ...known, value: { ...known.value, lastMessage: message } });
  }
}

function applyFrame(draft: Draft, frame: RecordFrame): void {
  draft.tick++;
  switch (frame.type) {
    case 'conversation.updated':
      return applyConversation(draft, frame.data as Conversation);
    case 'message.created':
    case 'message.updated':
      return applyMessage(draft, frame.data as Message);
    case 'conversation.removed': {
      const { id } = frame.data as { id: string };
      forget(draft, id);
      draft.removed.set(id, draft.tick);
      return;
    }
    default:
  }
}

function applyConversationAnswer(draft: Draft, items: readonly Conversation[], asOf: number): void {
  for (const conversation of items) {
    const removedAt = draft.removed.get(conversation.id);
    if (removedAt !== undefined && removedAt > asOf) continue;
    draft.removed.delete(conversation.id);
    const known = draft.conversations.get(conversation.id);
    const newer = !known || conversation.updatedAt > known.value.updatedAt;
    const untouched = known && known.touched <= asOf && conversation.updatedAt === known.value.updatedAt;
    if (newer || untouched)
      draft.conversations.set(conversation.id, { value: conversation, touched: known?.touched ?? 0, byFrame: false });
  }
}

function applyMessageAnswer(draft: Draft, conversationId: string, items: readonly Message[], asOf: number): void {
  const thread = ownThread(draft, conversationId);
  if (!thread) return;
  for (const message of items) {
    const known = thread.get(message.id);
    if (!known || known.touched <= asOf)
      thread.set(message.id, { value: message, touched: known?.touched ?? 0, byFrame: false });
  }
}

/** The next state; the old one is left as it was. */
export function reduceInbox(state: InboxState, action: InboxAction): InboxState {
  if (action.type === 'open' && state.threads.has(action.conversationId)) return state;
  if (action.type === 'reset')
    return { ...EMPTY, tick: state.tick, threads: new Map(action.keep.map((id) => [id, new Map()])) };
  const draft = draftOf(state);
  switch (action.type) {
    case 'frames':
      for (const frame of action.frames) applyFrame(draft, frame);
      break;
    case 'conversations':
      applyConversationAnswer(draft, action.items, action.asOf);
      break;
    case 'messages':
      applyMessageAnswer(draft, action.conversationId, action.items, action.asOf);
      break;
    case 'open':
      draft.threads.set(action.conversationId, new Map());
      break;
    case 'gone':
      forget(draft, action.conversationId);
      draft.removed.set(action.conversationId, draft.tick);
      break;
  }
  return { tick: draft.tick, conversations: draft.conversations, removed: draft.removed, threads: draft.threads };
}

/** A thread's messages by `seq`. */
export function messagesOf(thread: ReadonlyMap<string, Known<Message>> | undefined): Message[] {
  return thread ? [...thread.values()].map((known) => known.value).sort((a, b) => a.seq - b.seq) : [];
}
