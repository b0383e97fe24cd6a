import type { RoutingDecisionEvent, RoutingWorkEvent } from '@huiliu/contracts';
import { acceptSeconds, exclusion, inPool } from './eligibility';
import { chooseAgent } from './match';
import { dequeue, enqueue, goesFirst, type AgentState, type ItemState, type RoutingState } from './state';

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
      if (known.phase === 'waiting') dequeue(this.state, known);
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
    this.state.items.set(item.conversationId, item);
    this.wait(item);
    if (!this.place(item)) {
      const { reason } = chooseAgent(this.state, item, this.now);
      this.decisions.push({
        type: 'work.queued',
        data: { conversationId: item.conversationId, version: item.version, reason },
      });
    }
  }

  private close(conversationId: string, version: number): void {
    const item = this.state.items.get(conversationId);
    if (item === undefined || version < item.version) return;
    if (item.phase === 'waiting') dequeue(this.state, item);
    const freed = this.release(item);
    this.state.items.delete(conversationId);
    this.state.dirty.items.add(conversationId);
    this.serveFreed(freed);
  }

  private reprioritise(conversationId: string, priority: ItemState['priority']): void {
    const item = this.state.items.get(conversationId);
    if (item === undefined) return;
    if (item.phase === 'waiting') dequeue(this.state, item);
    item.priority = priority;
    if (item.phase === 'waiting') enqueue(this.state, item);
    this.state.dirty.items.add(conversationId);
  }

  private assignmentChanged(change: Extract<RoutingInput, { type: 'assignment.changed' }>['data']): void {
    const known = this.state.items.get(change.conversationId);
    if (known !== undefined && change.version < known.version) return;
    if (known?.phase === 'waiting') dequeue(this.state, known);
    const freed = known === undefined ? null : this.release(known);
    const item: ItemState = known ?? {
      conversationId: change.conversationId,
      version: change.version,
      accountId: change.accountId,
      teamId: change.teamId,
      priority: 'normal',
      weight: change.weight,
      lastAgentId: null,
      since: this.now,
      phase: 'idle',
      agentId: null,
      offer: null,
      declined: [],
      refused: {},
    };
    Object.assign(item, {
      version: change.version,
      accountId: change.accountId,
      teamId: change.teamId,
      weight: change.weight,
      offer: null,
      refused: {},
    });
    item.phase = change.agentId === null ? 'idle' : 'owned';
    this.state.items.set(item.conversationId, item);
    this.hold(item, change.agentId);
    const owner = change.agentId === null ? undefined : this.state.agents.get(change.agentId);
    if (owner !== undefined) owner.lastAssignedAt = Math.max(owner.lastAssignedAt, this.now);
    if (freed !== owner) this.serveFreed(freed);
  }

  private refused(refusal: Extract<RoutingInput, { type: 'decision.refused' }>['data']): void {
    const item = this.state.items.get(refusal.conversationId);
    if (item === undefined || item.version !== refusal.version || item.agentId !== refusal.agentId) return;
    if (item.phase !== 'proposed' && item.phase !== 'offered') return;
    const agent = this.release(item);
    if (agent !== null) item.refused[agent.agentId] = agent.changes;
    item.offer = null;
    if (refusal.reason === 'stale' || refusal.reason === 'closed') {
      // The events that made it so are on their way and say how it goes on; another try would be refused again.
      item.phase = 'idle';
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
    for (const item of offeredItems(this.state)) {
      if (item.offer === null || item.offer.expiresAt > this.now || item.agentId === null) continue;
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
    item.offer = null;
    this.wait(item);
    this.place(item);
    this.serveFreed(agent);
  }

  private agentChanged(change: Extract<RoutingInput, { type: 'agent.changed' }>['data']): void {
    const known = this.state.agents.get(change.agentId);
    if (known !== undefined && known.revision >= change.revision) return;
    // The same object as before: pools hold it.
    const agent: AgentState = Object.assign(known ?? { load: 0, lastAssignedAt: 0, changes: 0 }, change);
    agent.sinceMs = undefined;
    agent.changes += 1;
    if (known === undefined) {
      agent.load = this.recount(agent.agentId);
      this.state.agents.set(agent.agentId, agent);
      this.state.pools.clear();
    }
    this.state.rulesVersion += 1;
    this.state.dirty.agents.add(agent.agentId);
    this.serve(agent);
  }

  private agentGone(gone: Extract<RoutingInput, { type: 'agent.gone' }>['data']): void {
    const agent = this.state.agents.get(gone.agentId);
    if (agent === undefined) return;
    agent.gone = true;
    this.state.dirty.agents.add(agent.agentId);
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
    this.state.pools.clear();
    this.state.rulesVersion += 1;
    this.state.dirty.teams.add(change.teamId);
    for (const agent of this.state.agents.values()) this.serve(agent);
  }

  private wait(item: ItemState): void {
    item.phase = 'waiting';
    enqueue(this.state, item);
    this.state.dirty.items.add(item.conversationId);
  }

  /** Gives a waiting item to the best agent, if there is one. */
  private place(item: ItemState): boolean {
    const { agent, reason } = chooseAgent(this.state, item, this.now);
    if (agent === null) return false;
    dequeue(this.state, item);
    this.hold(item, agent.agentId);
    agent.lastAssignedAt = this.now;
    const seconds = acceptSeconds(this.state, item, agent.agentId);
    const decided = { conversationId: item.conversationId, version: item.version, agentId: agent.agentId, reason };
    if (seconds === null) {
      item.phase = 'proposed';
      this.decisions.push({ type: 'work.assigned', data: decided });
    } else {
      const offer = {
        id: this.offerId(item.conversationId, item.version, item.declined.length),
        expiresAt: this.now + seconds * 1000,
      };
      item.phase = 'offered';
      item.offer = offer;
      this.state.offered.add(item.conversationId);
      this.decisions.push({
        type: 'work.offered',
        data: { ...decided, offerId: offer.id, expiresAt: new Date(offer.expiresAt).toISOString() },
      });
    }
    return true;
  }

  /** Gives waiting items to an agent who may have room now: over all their queues the one that comes first, until none fits. */
  private serve(agent: AgentState | null): void {
    if (agent === null || agent.disabled || agent.presence !== 'online' || agent.gone) return;
    while (agent.load < agent.capacity) {
      const next = this.bestFor(agent);
      if (next === null || !this.place(next)) return;
    }
  }

  /** The agent has room that they had not: what the inbox refused them before may be tried again. */
  private serveFreed(agent: AgentState | null): void {
    if (agent !== null) agent.changes += 1;
    this.serve(agent);
  }

  private bestFor(agent: AgentState): ItemState | null {
    let best: ItemState | null = null;
    for (const queue of this.state.queues.values()) {
      const head = this.state.items.get(queue[0] as string);
      if (head === undefined || !inPool(this.state, head, agent.agentId)) continue;
      for (const id of queue) {
        const item = this.state.items.get(id);
        if (item === undefined || exclusion(agent, item) !== null) continue;
        if (best === null || goesFirst(item, best)) best = item;
        break;
      }
    }
    return best;
  }

  private hold(item: ItemState, agentId: string | null): void {
    item.agentId = agentId;
    this.state.dirty.items.add(item.conversationId);
    const agent = agentId === null ? undefined : this.state.agents.get(agentId);
    if (agent === undefined) return;
    agent.load += item.weight;
    this.state.dirty.agents.add(agent.agentId);
  }

  /** Frees what an item holds of its agent's capacity and answers who that was. */
  private release(item: ItemState): AgentState | null {
    const agent = item.agentId === null ? undefined : this.state.agents.get(item.agentId);
    item.agentId = null;
    this.state.dirty.items.add(item.conversationId);
    if (agent === undefined) return null;
    agent.load -= item.weight;
    this.state.dirty.agents.add(agent.agentId);
    return agent;
  }

  private recount(agentId: string): number {
    let load = 0;
    for (const item of this.state.items.values()) if (item.agentId === agentId) load += item.weight;
    return load;
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

/** When the next offer lapses, ms; null when none is open. */
export function nextDeadline(state: RoutingState): number | null {
  let next: number | null = null;
  for (const { offer } of offeredItems(state))
    if (offer !== null && (next === null || offer.expiresAt < next)) next = offer.expiresAt;
  return next;
}

/** What is offered now, in no order. */
function offeredItems(state: RoutingState): ItemState[] {
  const items: ItemState[] = [];
  for (const id of state.offered) {
    const item = state.items.get(id);
    if (item?.phase === 'offered') items.push(item);
    else state.offered.delete(id);
  }
  return items;
}
