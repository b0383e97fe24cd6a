import type { MessageDraft, StoredMessage } from '../../messages/domain/message';
import { endSession, startSession } from './sessions';
import { queue, recountAssignee, unassign } from './ownership';
import { append, type ThreadChange } from './thread';

type NewId = () => string;

/** What the customer's writing meets. */
export interface InboundContext {
  readonly newId: NewId;
  /** Whether the assignee has left (gone for the grace period, or disabled): someone else is needed then. */
  readonly isAway: (agentId: string) => boolean;
}

/**
 * A customer wrote: the clock starts where it does not run, a snoozed or resolved conversation opens (a resolved one with a new session),
 * and routing hears of it where nobody is there to answer.
 */
export function receive(change: ThreadChange, draft: MessageDraft, context: InboundContext): StoredMessage {
  const { thread } = change;
  const wasOpen = thread.status === 'open';
  if (thread.sessionId === null) startSession(change, draft.createdAt, context.newId());
  const message = append(change, draft);
  thread.unread += 1;
  thread.waitingSince ??= draft.createdAt;
  thread.lastInboundRemoteId = draft.remoteId ?? thread.lastInboundRemoteId;
  thread.status = 'open';
  thread.snoozedUntil = null;
  if (thread.assigneeId !== null && context.isAway(thread.assigneeId)) {
    unassign(change, 'system', 'agent_gone', draft.createdAt);
    queue(change, thread.waitingSince);
  } else if (thread.assigneeId === null && (!wasOpen || thread.queuedSince === null)) {
    queue(change, thread.waitingSince);
  } else if (!wasOpen) {
    recountAssignee(change);
  }
  return message;
}

/**
 * A machine answered in a thread that is there already (an out-of-office note, a bounce): it is shown and counts as unread, but nobody waits
 * for an answer. No clock starts, nothing opens, routing hears nothing, and what we write next does not answer it.
 */
export function overhear(change: ThreadChange, draft: MessageDraft): StoredMessage {
  const message = append(change, draft);
  change.thread.unread += 1;
  return message;
}

/** One of us wrote, here or in the platform's own tool: the clock stops, nothing is unread. `agentId` null: not known who. */
export function answer(change: ThreadChange, draft: MessageDraft, agentId: string | null): StoredMessage {
  const { thread } = change;
  const message = append(change, draft);
  thread.readSeq = thread.lastSeq;
  thread.unread = 0;
  thread.waitingSince = null;
  if (thread.sessionId !== null && thread.sessionFirstReplyAt === null) {
    thread.sessionFirstReplyAt = draft.createdAt;
    const started = change.newSessions.find((session) => session.id === thread.sessionId);
    const stamp = { firstReplyAt: draft.createdAt, firstReplyAgentId: agentId };
    if (started) Object.assign(started, stamp);
    else change.sessionPatches.set(thread.sessionId, { ...change.sessionPatches.get(thread.sessionId), ...stamp });
  }
  if (agentId !== null && agentId === thread.assigneeId) stampSegment(change, draft.createdAt);
  return message;
}

/** One of us writes in a resolved conversation: it opens with a new session, for whoever writes. */
export function resume(change: ThreadChange, at: string, newId: NewId): void {
  const { thread } = change;
  if (thread.sessionId === null) startSession(change, at, newId());
  thread.status = 'open';
}

function stampSegment(change: ThreadChange, at: string): void {
  const started = change.newSegments.findLast((segment) => segment.endedAt === null);
  if (started) started.firstReplyAt ??= at;
  else change.segmentPatch = { ...change.segmentPatch, firstReplyAt: change.segmentPatch?.firstReplyAt ?? at };
}

/** The customer is served: the session ends, nobody is needed. */
export function resolve(
  change: ThreadChange,
  by: { readonly agentId: string; readonly category: string | null; readonly at: string },
): void {
  const { thread } = change;
  if (thread.assigneeId !== null) unassign(change, null, 'resolved', by.at);
  endSession(change, { endedAt: by.at, endReason: 'resolved', category: by.category, endedBy: by.agentId });
  thread.status = 'resolved';
  thread.waitingSince = null;
  thread.queuedSince = null;
  thread.snoozedUntil = null;
  change.routing.push({
    type: 'work.closed',
    data: { conversationId: thread.id, version: thread.assignmentVersion, reason: 'resolved' },
  });
}

/** Lays a conversation aside until a time; it stays with its assignee and does not count as load. */
export function snooze(change: ThreadChange, until: string): void {
  const { thread } = change;
  const wasOpen = thread.status === 'open';
  thread.status = 'snoozed';
  thread.snoozedUntil = until;
  if (wasOpen)
    change.routing.push({
      type: 'work.closed',
      data: { conversationId: thread.id, version: thread.assignmentVersion, reason: 'snoozed' },
    });
}

/**
 * Opens a snoozed or resolved conversation, by hand or because its time has come. A resolved one begins a new session; one without an
 * agent, or whose agent has left, goes to routing.
 */
export function reopen(change: ThreadChange, at: string, context: InboundContext): void {
  const { thread } = change;
  if (thread.sessionId === null) startSession(change, at, context.newId());
  thread.status = 'open';
  thread.snoozedUntil = null;
  if (thread.assigneeId !== null && context.isAway(thread.assigneeId)) unassign(change, 'system', 'agent_gone', at);
  if (thread.assigneeId === null) queue(change, thread.waitingSince ?? at);
  else recountAssignee(change);
}
