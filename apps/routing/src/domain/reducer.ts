import type { RoutingDecisionEvent, RoutingWorkEvent } from '@huiliu/contracts';
import { acceptSeconds, exclusion } from './eligibility';
import { chooseAgent, type Match } from './match';
import { compareItems } from './queues';
import type { AgentState, ItemState } from './entities';
import { addItem, changeItem, hold, removeItem, touchAgent, type RoutingState } from './state';

/** A decision as the reducer makes it; the shell wraps it into an envelope keyed by its conversation. */
export type RoutingDecision = {
  [E in RoutingDecisionEvent as E['type']]: Pick<E, 'type' | 'data'>;
}[RoutingDecisionEvent['type']];

/** What the reducer reacts to: the events of `routing.work`, and time passing. */
export type RoutingInput =
  | { [E in RoutingWorkEvent as E['type']]: Pick<E, 'type' | 'data'> }[RoutingWorkEvent['type']]
  | { readonly type: 'tick' };

/** Makes an offer's id from the conversation and how often it was offered: the same offer has the same id after a restart. */
export type OfferIds = (conversationId: string, version: number, nth: number) => string;

class Reduction {
  readonly decisions: RoutingDecision[] = [];

  constructor(
    private readonly state: RoutingState,
    private readonly now: number,
    private readonly offerId: OfferIds,
  ) {}

  apply(input: RoutingInput): void {
    switch (input.type) {
      case 'work.created':
        return this.create(input.data);
      case 'work.closed':
        return this.close(input.data.conversationId, input.data.version);
      case 'work.reprioritised':
        return this.reprioritise(input.data.conversationId, input.data.priority);
      case 'assignment.changed':
        return this.assignmentChanged(input.data);
      case 'decision.refused':
        return this.refused(input.data);
      case 'offer.answered':
        return this.offerAnswered(input.data);
      case 'agent.changed':
        return this.agentChanged(input.data);
      case 'agent.gone':
        return this.agentGone(input.data);
      case 'team.changed':
        return this.teamChanged(input.data);
      case 'tick':
        return this.expireOffers();
    }
  }

  private create(work: Extract<RoutingInput, { type: 'work.created' }>['data']): void {
    const known = this.state.items.get(work.conversationId);
    if (known !== undefined) {
      if (work.version < known.version) return;
      if (work.version === known.version && known.phase !== 'idle') return;
      this.release(known);
      removeItem(this.state, known);
    }
    const { waitingSince, ...rest } = work;
    const item: ItemState = {
      ...rest,
      since: Date.parse(waitingSince),
      phase: 'idle',
      agentId: null,
      offer: null,
      declined: known?.version === work.version ? known.declined : [],
      refused: {},
    };
    addItem(this.state, item);
    this.wait(item);
    const { agent, reason } = this.place(item);
    if (agent === null) {
      this.decisions.push({
        type: 'work.queued',
        data: { conversationId: item.conversationId, version: item.version, reason },
      });
    }
  }

  private close(conversationId: string, version: number): void {
    const item = this.state.items.get(conversationId);
    if (item === undefined || version < item.version) return;
    const freed = this.release(item);
    removeItem(this.state, item);
    this.serveFreed(freed);
  }

  private reprioritise(conversationId: string, priority: ItemState['priority']): void {
    const item = this.state.items.get(conversationId);
    if (item !== undefined) changeItem(this.state, item, { priority });
  }

  private assignmentChanged(change: Extract<RoutingInput, { type: 'assignment.changed' }>['data']): void {
    const known = this.state.items.get(change.conversationId);
    if (known !== undefined && change.version < known.version) return;
    const freed = known === undefined ? null : this.release(known);
    const { conversationId, version, accountId, teamId } = change;
    const phase = change.agentId === null ? 'idle' : 'owned';
    let item = known;
    if (item === undefined) {
      item = {
        conversationId,
        version,
        accountId,
        teamId,
        priority: 'normal',
        weight: change.weight,
        lastAgentId: null,
        since: this.now,
        phase,
        agentId: null,
        offer: null,
        declined: [],
        refused: {},
      };
      addItem(this.state, item);
    } else changeItem(this.state, item, { version, accountId, teamId, offer: null, refused: {}, phase });
    const owner = change.agentId === null ? undefined : this.state.agents.get(change.agentId);
    if (owner !== undefined) owner.lastAssignedAt = Math.max(owner.lastAssignedAt, this.now);
    hold(this.state, item, change.agentId, change.weight);
    if (freed !== owner) this.serveFreed(freed);
  }

  private refused(refusal: Extract<RoutingInput, { type: 'decision.refused' }>['data']): void {
    const item = this.state.items.get(refusal.conversationId);
    if (item === undefined || item.version !== refusal.version || item.agentId !== refusal.agentId) return;
    if (item.phase !== 'proposed' && item.phase !== 'offered') return;
    const agent = this.release(item);
    if (agent !== null) item.refused[agent.agentId] = agent.changes;
    if (refusal.reason === 'stale' || refusal.reason === 'closed') {
      // The events that made it so are on their way and say how it goes on; another try would be refused again.
      changeItem(this.state, item, { phase: 'idle', offer: null });
    } else {
      this.wait(item);
      this.place(item);
    }
    this.serve(agent);
  }

  private offerAnswered(answer: Extract<RoutingInput, { type: 'offer.answered' }>['data']): void {
    const item = this.state.items.get(answer.conversationId);
    if (item?.offer?.id !== answer.offerId || answer.answer === 'accepted') return;
    this.endOffer(item);
  }

  private expireOffers(): void {
    for (const item of this.state.deadlines.lapsed(this.now)) {
      // Ending one may have changed another.
      if (item.phase !== 'offered' || item.offer === null || item.offer.expiresAt > this.now || item.agentId === null)
        continue;
      const { reason } = chooseAgent(this.state, item, this.now);
      this.decisions.push({
        type: 'offer.expired',
        data: {
          conversationId: item.conversationId,
          version: item.version,
          agentId: item.agentId,
          offerId: item.offer.id,
          reason,
        },
      });
      this.endOffer(item);
    }
  }

  /** Back to the queue with its age; whoever had the offer does not get it again. */
  private endOffer(item: ItemState): void {
    const agent = this.release(item);
    if (agent !== null) item.declined.push(agent.agentId);
    this.wait(item);
    this.place(item);
    this.serveFreed(agent);
  }

  private agentChanged(change: Extract<RoutingInput, { type: 'agent.changed' }>['data']): void {
    const known = this.state.agents.get(change.agentId);
    if (known !== undefined && known.revision >= change.revision) return;
    const agent: AgentState = { load: 0, lastAssignedAt: 0, changes: 0, ...known, ...change };
    agent.changes += 1;
    agent.load = this.state.held.get(agent.agentId) ?? 0;
    this.state.agents.set(agent.agentId, agent);
    this.state.rulesVersion += 1;
    touchAgent(this.state, agent);
    this.serve(agent);
  }

  private agentGone(gone: Extract<RoutingInput, { type: 'agent.gone' }>['data']): void {
    const agent = this.state.agents.get(gone.agentId);
    if (agent === undefined) return;
    agent.gone = true;
    touchAgent(this.state, agent);
    for (const { conversationId, version } of gone.unanswered) {
      const item = this.state.items.get(conversationId);
      if (item?.phase !== 'owned' || item.agentId !== gone.agentId || item.version !== version) continue;
      const { reason } = chooseAgent(this.state, item, this.now);
      this.decisions.push({
        type: 'work.requeued',
        data: { conversationId, version, agentId: gone.agentId, reason: { ...reason, strategy: 'agent_gone' } },
      });
    }
  }

  private teamChanged(change: Extract<RoutingInput, { type: 'team.changed' }>['data']): void {
    const known = this.state.teams.get(change.teamId);
    if (known !== undefined && known.revision >= change.revision) return;
    this.state.teams.set(change.teamId, change);
    this.state.index.placeTeam(change);
    this.state.rulesVersion += 1;
    this.state.dirty.teams.add(change.teamId);
    for (const agent of this.state.agents.values()) this.serve(agent);
  }

  private wait(item: ItemState): void {
    changeItem(this.state, item, { phase: 'waiting', offer: null });
  }

  /** Gives a waiting item to the best agent, if there is one. */
  private place(item: ItemState): Match {
    const match = chooseAgent(this.state, item, this.now);
    const { agent, reason } = match;
    if (agent === null) return match;
    agent.lastAssignedAt = this.now;
    hold(this.state, item, agent.agentId);
    const seconds = acceptSeconds(this.state, item, agent.agentId);
    const decided = { conversationId: item.conversationId, version: item.version, agentId: agent.agentId, reason };
    if (seconds === null) {
      changeItem(this.state, item, { phase: 'proposed' });
      this.decisions.push({ type: 'work.assigned', data: decided });
    } else {
      const offer = {
        id: this.offerId(item.conversationId, item.version, item.declined.length),
        expiresAt: this.now + seconds * 1000,
      };
      changeItem(this.state, item, { phase: 'offered', offer });
      this.decisions.push({
        type: 'work.offered',
        data: { ...decided, offerId: offer.id, expiresAt: new Date(offer.expiresAt).toISOString() },
      });
    }
    return match;
  }

  /** Gives waiting items to an agent who may have room now: over all their queues the one that comes first, until none fits. */
  private serve(agent: AgentState | null): void {
    if (agent === null || agent.disabled || agent.presence !== 'online' || agent.gone) return;
    while (agent.load < agent.capacity) {
      const next = this.bestFor(agent);
      if (next === null || this.place(next).agent === null) return;
    }
  }

  /** The agent has room that they had not: what the inbox refused them before may be tried again. */
  private serveFreed(agent: AgentState | null): void {
    if (agent !== null) agent.changes += 1;
    this.serve(agent);
  }

  private bestFor(agent: AgentState): ItemState | null {
    let best: ItemState | null = null;
    for (const { head, items } of this.state.queues.heads()) {
      if (!this.state.index.poolOf(head).has(agent.agentId)) continue;
      for (const item of items) {
        if (best !== null && compareItems(best, item) < 0) break;
        if (exclusion(agent, item) !== null) continue;
        best = item;
        break;
      }
    }
    return best;
  }

  /** Frees what an item holds of its agent's capacity and answers who that was. */
  private release(item: ItemState): AgentState | null {
    return hold(this.state, item, null);
  }
}

/**
 * Applies one input to the state and answers the decisions that follow: `(state, input, now) → (state', decisions)`. No I/O, no clock,
 * no chance: the same inputs give the same decisions. The state is changed in place; who cannot write the outcome down
 * throws the state away and loads it again.
 */
export function reduce(state: RoutingState, input: RoutingInput, now: number, offerId: OfferIds): RoutingDecision[] {
  const reduction = new Reduction(state, now, offerId);
  reduction.apply(input);
  return reduction.decisions;
}
