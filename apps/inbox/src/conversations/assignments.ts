import { Injectable } from '@nestjs/common';
import { badRequest, conflict, newId } from '@huiliu/platform';
import type { Tx } from '@huiliu/storage';
import { AgentStandings } from '../decisions/agent-standings';
import { OffersRepository } from '../offers/offers.repository';
import { assign, queue, recordByHand, unassign, withdrawOffers } from './domain/ownership';
import type { ThreadChange } from './domain/thread';

/** Gives conversations to agents by hand and takes them back, inside the transaction that holds their lock. */
@Injectable()
export class AssignmentService {
  constructor(
    private readonly standings: AgentStandings,
    private readonly offers: OffersRepository,
  ) {}

  /**
   * Gives an open or snoozed conversation to an agent by hand, over capacity too, which is recorded. Open offers are withdrawn. Nothing
   * happens when they have it. 400 `unknown_agent`, 409 `agent_disabled`.
   */
  async assign(tx: Tx, change: ThreadChange, agentId: string, byId: string, now: Date): Promise<void> {
    const agent = (await this.standings.lock(tx, [agentId])).get(agentId);
    if (agent === undefined) throw badRequest('unknown_agent', 'no such agent');
    if (agent.disabled) throw conflict('agent_disabled', 'this agent is disabled');
    if (change.thread.assigneeId === agentId) return;
    await this.withdrawOffers(tx, change, now);
    const overCapacity = change.thread.status === 'open' && agent.load >= agent.capacity;
    const to = { agentId, by: 'hand' as const, byId, overCapacity, at: now.toISOString(), newId };
    assign(change, to);
    recordByHand(change, to, agent);
  }

  /** Takes a conversation from its agent; an open one goes back to routing with its age. */
  unassign(change: ThreadChange, reason: string, now: Date): void {
    const { thread } = change;
    if (thread.assigneeId === null) return;
    const at = now.toISOString();
    unassign(change, thread.status === 'open' ? 'hand' : null, reason, at);
    if (thread.status === 'open') queue(change, thread.waitingSince ?? thread.queuedSince ?? at);
  }

  /** Ends what was offered of a conversation that found its way otherwise. */
  async withdrawOffers(tx: Tx, change: ThreadChange, now: Date): Promise<void> {
    withdrawOffers(change, await this.offers.openOf(tx, [change.thread.id]), now.toISOString());
  }
}
