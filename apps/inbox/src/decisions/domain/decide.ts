import type { Decision, Presence, RoutingDecisionEvent } from '@huiliu/contracts';
import { breaks } from '@huiliu/platform';
import { assign, queue, unassign } from '../../conversations/domain/ownership';
import type { StoredOffer, ThreadChange } from '../../conversations/domain/thread';

/** An agent with the row locked: what they have and what they may take. */
export interface AgentStanding {
  readonly id: string;
  readonly name: string;
  readonly capacity: number;
  readonly disabled: boolean;
  readonly presence: Presence;
  readonly gone: boolean;
  /** Open conversations assigned to them; counted on while a batch is applied. */
  load: number;
}

export type Refusal = 'stale' | 'full' | 'ineligible' | 'closed';

/** Everything that decisions of one batch are judged by; `openOffers` by conversation. */
export interface DecisionState {
  readonly agents: ReadonlyMap<string, AgentStanding>;
  readonly openOffers: Map<string, StoredOffer>;
  readonly now: Date;
  readonly newId: () => string;
}

/** Why work may not go to an agent now; null when it may. `version` is the assignment version that the decision saw. */
export function refusalOf(change: ThreadChange, version: number, agent: AgentStanding | undefined): Refusal | null {
  const { thread } = change;
  if (version !== thread.assignmentVersion && !breaks('assignment-version')) return 'stale';
  if (thread.status !== 'open') return 'closed';
  if (thread.assigneeId !== null && !breaks('assignment-version')) return 'stale';
  if (agent === undefined || agent.disabled || agent.gone || agent.presence !== 'online') return 'ineligible';
  return agent.load < agent.capacity ? null : 'full';
}

/**
 * Applies one of routing's decisions, or refuses it: the inbox commits what routing proposes only where it still holds. Every decision is kept
 * with its reason; a refusal goes back to routing.
 */
export function applyDecision(change: ThreadChange, event: RoutingDecisionEvent, state: DecisionState): void {
  const { data } = event;
  switch (event.type) {
    case 'work.queued':
      return record(change, event, 'queued', null);
    case 'work.assigned': {
      const agent = state.agents.get(event.data.agentId);
      const refusal = refusalOf(change, data.version, agent);
      if (refusal !== null || agent === undefined) return refuse(change, event, refusal ?? 'ineligible');
      assign(change, {
        agentId: agent.id,
        by: 'routing',
        byId: null,
        overCapacity: false,
        at: state.now.toISOString(),
        newId: state.newId,
      });
      agent.load += 1;
      const offer = state.openOffers.get(change.thread.id);
      if (offer !== undefined) endOffer(change, offer, 'withdrawn', state.now.toISOString());
      state.openOffers.delete(change.thread.id);
      return record(change, event, 'assigned', agent.id);
    }
    case 'work.offered': {
      const refusal =
        refusalOf(change, data.version, state.agents.get(event.data.agentId)) ??
        (state.openOffers.has(change.thread.id) ? 'ineligible' : null);
      if (refusal !== null) return refuse(change, event, refusal);
      const offer = offerOf(change, event);
      change.offersCreated.push(offer);
      state.openOffers.set(change.thread.id, offer);
      return record(change, event, 'offered', offer.agentId);
    }
    case 'offer.expired': {
      const offer = state.openOffers.get(change.thread.id);
      if (offer?.id === event.data.offerId) {
        state.openOffers.delete(change.thread.id);
        endOffer(change, offer, 'expired', state.now.toISOString());
      }
      // A lapse that came too late, after somebody took the work, explains nothing.
      if (data.version === change.thread.assignmentVersion) record(change, event, 'offer_expired', event.data.agentId);
      return;
    }
    case 'work.requeued': {
      const agent = state.agents.get(event.data.agentId);
      const held = data.version === change.thread.assignmentVersion && change.thread.assigneeId === event.data.agentId;
      const cameBack = agent !== undefined && !agent.gone && !agent.disabled;
      if (!held || cameBack) return refuse(change, event, 'stale');
      const wasOpen = change.thread.status === 'open';
      unassign(change, 'routing', 'agent_gone', state.now.toISOString());
      if (agent !== undefined && wasOpen) agent.load -= 1;
      if (wasOpen) queue(change, change.thread.waitingSince ?? change.thread.queuedSince ?? state.now.toISOString());
      return record(change, event, 'requeued', event.data.agentId);
    }
  }
}

/** Ends an offer, whether this change made it or an earlier one. */
export function endOffer(change: ThreadChange, offer: StoredOffer, state: StoredOffer['state'], at: string): void {
  const made = change.offersCreated.indexOf(offer);
  const ended: StoredOffer = { ...offer, state, endedAt: at };
  if (made >= 0) change.offersCreated[made] = ended;
  else change.offersEnded.push(ended);
}

function offerOf(change: ThreadChange, event: Extract<RoutingDecisionEvent, { type: 'work.offered' }>): StoredOffer {
  const { offerId, agentId, version, expiresAt } = event.data;
  return {
    id: offerId,
    conversationId: change.thread.id,
    agentId,
    assignmentVersion: version,
    state: 'open',
    expiresAt,
    createdAt: event.occurredAt,
    endedAt: null,
  };
}

function refuse(
  change: ThreadChange,
  event: Extract<RoutingDecisionEvent, { data: { agentId: string } }>,
  reason: Refusal,
): void {
  const { version, agentId } = event.data;
  record(change, event, 'refused', agentId);
  change.routing.push({
    type: 'decision.refused',
    data: { conversationId: change.thread.id, version, agentId, reason },
  });
}

/** The decision's id is its event's: told twice, it is one decision. */
function record(
  change: ThreadChange,
  event: RoutingDecisionEvent,
  type: Decision['type'],
  agentId: string | null,
): void {
  change.decisions.push({
    id: event.id,
    conversationId: change.thread.id,
    type,
    agentId,
    byId: null,
    reason: event.data.reason,
    assignmentVersion: event.data.version,
    createdAt: event.occurredAt,
  });
}
