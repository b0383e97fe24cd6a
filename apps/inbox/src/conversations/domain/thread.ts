import type {
  ConversationAccess,
  ConversationStatus,
  Decision,
  Offer,
  Priority,
  RoutingWorkEvent,
} from '@huiliu/contracts';
import type { MessageDraft, StoredMessage } from '../../messages/domain/message';
import type { ReplyWindow, Spend } from '../../windows/domain/ledger';

/** A conversation as it is stored. Times are ISO-8601. */
export interface Thread {
  id: string;
  channel: string;
  accountId: string;
  identityId: string;
  contactId: string;
  remoteConversationId: string;
  remoteKey: string;
  status: ConversationStatus;
  assigneeId: string | null;
  teamId: string | null;
  lastAgentId: string | null;
  assignmentVersion: number;
  priority: Priority;
  tags: string[];
  lastSeq: number;
  lastMessageId: string | null;
  lastMessageAt: string;
  lastInboundRemoteId: string | null;
  readSeq: number;
  unread: number;
  waitingSince: string | null;
  queuedSince: string | null;
  snoozedUntil: string | null;
  sessionId: string | null;
  sessionStartedAt: string | null;
  sessionFirstReplyAt: string | null;
  createdAt: string;
  updatedAt: string;
}

/** Whom a conversation belongs to, for the screen. */
export interface ThreadContact {
  readonly id: string;
  readonly name: string;
  readonly remoteId: string;
}

export interface SessionRecord {
  readonly id: string;
  readonly startedAt: string;
  firstReplyAt: string | null;
  firstReplyAgentId: string | null;
  endedAt: string | null;
  endReason: string | null;
  category: string | null;
  endedBy: string | null;
}

export interface SegmentRecord {
  readonly id: string;
  readonly sessionId: string;
  readonly agentId: string;
  readonly startedAt: string;
  endedAt: string | null;
  endReason: string | null;
  firstReplyAt: string | null;
  /** The agent held more than their capacity when a person gave it to them. */
  readonly overCapacity: boolean;
  /** `routing`, or the id of who did it by hand. */
  readonly assignedBy: string;
}

/** What changes in a session that is stored already. */
export type SessionPatch = Partial<Omit<SessionRecord, 'id' | 'startedAt'>>;
/** What changes in the running segment that is stored already. */
export type SegmentPatch = Partial<Pick<SegmentRecord, 'endedAt' | 'endReason' | 'firstReplyAt'>>;

/** Something to say to routing. */
export type RoutingFact = { [E in RoutingWorkEvent as E['type']]: Pick<E, 'type' | 'data'> }[RoutingWorkEvent['type']];

export interface StoredOffer extends Offer {
  readonly assignmentVersion: number;
}

export type StoredDecision = Omit<Decision, 'agent' | 'by'> & { agentId: string | null; byId: string | null };

/**
 * One conversation in the hands of one writer: as it was when it was locked, as it becomes, and everything that comes of it. Pure data:
 * the functions of this folder fill it, `ThreadStore` writes it down in one go.
 */
export interface ThreadChange {
  /** As locked; null: this transaction made it. */
  readonly before: Readonly<Thread> | null;
  readonly thread: Thread;
  contact: ThreadContact;
  lastMessage: StoredMessage | null;
  readonly created: StoredMessage[];
  readonly updated: Map<string, StoredMessage>;
  readonly windowsBefore: readonly ReplyWindow[];
  windows: readonly ReplyWindow[];
  readonly spends: Spend[];
  readonly newSessions: SessionRecord[];
  readonly sessionPatches: Map<string, SessionPatch>;
  readonly newSegments: SegmentRecord[];
  segmentPatch: SegmentPatch | null;
  readonly decisions: StoredDecision[];
  readonly offersCreated: StoredOffer[];
  readonly offersEnded: StoredOffer[];
  readonly routing: RoutingFact[];
}

export interface LoadedThread {
  readonly thread: Thread;
  readonly contact: ThreadContact;
  readonly lastMessage: StoredMessage | null;
  readonly windows: readonly ReplyWindow[];
}

/** Begins a change of a locked conversation; `isNew`: this transaction has just made it. */
export function beginChange(loaded: LoadedThread, isNew = false): ThreadChange {
  return {
    before: isNew ? null : { ...loaded.thread },
    thread: { ...loaded.thread },
    contact: loaded.contact,
    lastMessage: loaded.lastMessage,
    created: [],
    updated: new Map(),
    windowsBefore: loaded.windows,
    windows: loaded.windows,
    spends: [],
    newSessions: [],
    sessionPatches: new Map(),
    newSegments: [],
    segmentPatch: null,
    decisions: [],
    offersCreated: [],
    offersEnded: [],
    routing: [],
  };
}

/** What decides who may see a conversation. */
export function accessOf(thread: Pick<Thread, 'assigneeId' | 'teamId' | 'accountId'>): ConversationAccess {
  return { assigneeId: thread.assigneeId, teamId: thread.teamId, accountId: thread.accountId };
}

/** A conversation before anything happened in it: nobody is needed until the customer's first message opens it. */
export function newThread(
  what: Pick<
    Thread,
    'id' | 'channel' | 'accountId' | 'identityId' | 'contactId' | 'remoteConversationId' | 'remoteKey'
  >,
  now: Date,
): Thread {
  const at = now.toISOString();
  return {
    id: what.id,
    channel: what.channel,
    accountId: what.accountId,
    identityId: what.identityId,
    contactId: what.contactId,
    remoteConversationId: what.remoteConversationId,
    remoteKey: what.remoteKey,
    status: 'resolved',
    assigneeId: null,
    teamId: null,
    lastAgentId: null,
    assignmentVersion: 0,
    priority: 'normal',
    tags: [],
    lastSeq: 0,
    lastMessageId: null,
    lastMessageAt: at,
    lastInboundRemoteId: null,
    readSeq: 0,
    unread: 0,
    waitingSince: null,
    queuedSince: null,
    snoozedUntil: null,
    sessionId: null,
    sessionStartedAt: null,
    sessionFirstReplyAt: null,
    createdAt: at,
    updatedAt: at,
  };
}

/** Gives a message the next place in its conversation. */
export function append(change: ThreadChange, draft: MessageDraft): StoredMessage {
  const { thread } = change;
  // By name, not by spreading: see `draftOf`.
  const message: StoredMessage = {
    id: draft.id,
    conversationId: thread.id,
    seq: thread.lastSeq + 1,
    direction: draft.direction,
    author: draft.author,
    content: draft.content,
    state: draft.state,
    error: draft.error,
    attempt: draft.attempt,
    failedPart: draft.failedPart,
    remoteId: draft.remoteId,
    remoteIds: draft.remoteIds,
    clientId: draft.clientId,
    dedupeKey: draft.dedupeKey,
    isPublic: draft.isPublic,
    recalledAt: draft.recalledAt,
    sessionId: thread.sessionId,
    createdAt: draft.createdAt,
  };
  if (thread.lastMessageId === null || message.createdAt > thread.lastMessageAt)
    thread.lastMessageAt = message.createdAt;
  thread.lastSeq = message.seq;
  thread.lastMessageId = message.id;
  change.lastMessage = message;
  change.created.push(message);
  return message;
}

/** Puts a changed message in the place of the stored one, wherever the change holds it. */
export function replace(change: ThreadChange, message: StoredMessage): void {
  const at = change.created.findIndex((other) => other.id === message.id);
  if (at >= 0) change.created[at] = message;
  else change.updated.set(message.id, message);
  if (change.lastMessage?.id === message.id) change.lastMessage = message;
}
