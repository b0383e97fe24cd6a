import type { DecisionReason } from '@huiliu/contracts';
import { endSegment } from './sessions';
import type { StoredOffer, ThreadChange } from './thread';

type By = 'routing' | 'hand' | 'system';

/** Who gives a conversation to whom. */
export interface Assigning {
  readonly agentId: string;
  readonly by: By;
  /** Who did it by hand; null: routing. */
  readonly byId: string | null;
  readonly overCapacity: boolean;
  readonly at: string;
  readonly newId: () => string;
}

/** Gives an open or snoozed conversation to an agent: a new segment, a new version; routing hears of it. */
export function assign(change: ThreadChange, to: Assigning): void {
  const { thread } = change;
  if (thread.assigneeId !== null) endSegment(change, 'transferred', to.at);
  thread.assigneeId = to.agentId;
  thread.lastAgentId = to.agentId;
  thread.assignmentVersion += 1;
  if (thread.sessionId !== null) {
    change.newSegments.push({
      id: to.newId(),
      sessionId: thread.sessionId,
      agentId: to.agentId,
      startedAt: to.at,
      endedAt: null,
      endReason: null,
      firstReplyAt: null,
      overCapacity: to.overCapacity,
      assignedBy: to.byId ?? to.by,
    });
  }
  if (thread.status === 'open') assignmentChanged(change, to.by);
}

/** Takes a conversation from its agent; `by` null where routing hears of it otherwise. */
export function unassign(change: ThreadChange, by: By | null, reason: string, at: string): void {
  const { thread } = change;
  endSegment(change, reason, at);
  thread.lastAgentId = thread.assigneeId;
  thread.assigneeId = null;
  thread.assignmentVersion += 1;
  if (by !== null && thread.status === 'open') assignmentChanged(change, by);
}

/** Asks routing for an agent. `since`: since when it waits. */
export function queue(change: ThreadChange, since: string): void {
  const { thread } = change;
  thread.queuedSince = since;
  change.routing.push({
    type: 'work.created',
    data: {
      conversationId: thread.id,
      version: thread.assignmentVersion,
      accountId: thread.accountId,
      teamId: thread.teamId,
      priority: thread.priority,
      weight: 1,
      lastAgentId: thread.lastAgentId,
      waitingSince: since,
    },
  });
}

/** Moves a conversation into a team's queue; from its agent, where it has one. It waits from now or since the customer does. */
export function moveToTeam(change: ThreadChange, teamId: string, at: string): void {
  const { thread } = change;
  thread.teamId = teamId;
  // A decision made for the old team's queue must not be applied: the version grows even where nobody had it.
  if (thread.assigneeId !== null) unassign(change, null, 'transferred', at);
  else thread.assignmentVersion += 1;
  if (thread.status !== 'open') return;
  assignmentChanged(change, 'hand');
  queue(change, thread.waitingSince ?? at);
}

/** An agent counts a conversation as load again that had been laid aside. */
export function recountAssignee(change: ThreadChange): void {
  assignmentChanged(change, 'system');
}

/** Ends the open offers of a conversation that found its way otherwise. */
export function withdrawOffers(change: ThreadChange, open: readonly StoredOffer[], at: string): void {
  for (const offer of open) change.offersEnded.push({ ...offer, state: 'withdrawn', endedAt: at });
}

/** Keeps who gave it to whom by hand, beside what routing decided. */
export function recordByHand(
  change: ThreadChange,
  to: Assigning,
  load: { readonly name: string; readonly load: number; readonly capacity: number },
): void {
  const { thread } = change;
  const reason: DecisionReason = {
    strategy: 'by_hand',
    queue: thread.teamId === null ? `account:${thread.accountId}` : `team:${thread.teamId}`,
    waitedMs: Math.max(0, Date.parse(to.at) - Date.parse(thread.queuedSince ?? to.at)),
    rulesVersion: 0,
    candidates: [
      {
        agentId: to.agentId,
        name: load.name,
        load: load.load,
        capacity: load.capacity,
        idleSince: null,
        excluded: null,
      },
    ],
    omitted: 0,
  };
  change.decisions.push({
    id: to.newId(),
    conversationId: thread.id,
    type: 'by_hand',
    agentId: to.agentId,
    byId: to.byId,
    reason,
    assignmentVersion: thread.assignmentVersion,
    createdAt: to.at,
  });
}

function assignmentChanged(change: ThreadChange, by: By): void {
  const { thread } = change;
  change.routing.push({
    type: 'assignment.changed',
    data: {
      conversationId: thread.id,
      version: thread.assignmentVersion,
      agentId: thread.assigneeId,
      weight: 1,
      by,
      accountId: thread.accountId,
      teamId: thread.teamId,
    },
  });
}
