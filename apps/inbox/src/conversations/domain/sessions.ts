import type { SessionPatch, ThreadChange } from './thread';

/** Begins a session. Open and snoozed conversations have one; resolved ones have none. */
export function startSession(change: ThreadChange, at: string, id: string): void {
  const { thread } = change;
  thread.sessionId = id;
  thread.sessionStartedAt = at;
  thread.sessionFirstReplyAt = null;
  change.newSessions.push({
    id,
    startedAt: at,
    firstReplyAt: null,
    firstReplyAgentId: null,
    endedAt: null,
    endReason: null,
    category: null,
    endedBy: null,
  });
}

export function endSession(change: ThreadChange, end: SessionPatch): void {
  const { thread } = change;
  if (thread.sessionId === null) return;
  const started = change.newSessions.find((session) => session.id === thread.sessionId);
  if (started) Object.assign(started, end);
  else change.sessionPatches.set(thread.sessionId, { ...change.sessionPatches.get(thread.sessionId), ...end });
  thread.sessionId = null;
  thread.sessionStartedAt = null;
  thread.sessionFirstReplyAt = null;
}

/** Ends the running segment, which this change or an earlier one began. */
export function endSegment(change: ThreadChange, reason: string, at: string): void {
  const started = change.newSegments.findLast((segment) => segment.endedAt === null);
  if (started) Object.assign(started, { endedAt: at, endReason: reason });
  else change.segmentPatch = { ...change.segmentPatch, endedAt: at, endReason: reason };
}
