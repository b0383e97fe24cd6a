import type { Candidate, DecisionReason } from '@huiliu/contracts';
import { exclusion, idleSince, poolAgents } from './eligibility';
import { poolOf, type AgentState, type ItemState, type RoutingState } from './state';

/** The most candidates that a stored reason lists. */
const LISTED = 20;

export interface Match {
  readonly agent: AgentState | null;
  readonly reason: DecisionReason;
}

function longerIdle(a: AgentState, b: AgentState): number {
  return idleSince(a) - idleSince(b) || a.load - b.load || (a.agentId < b.agentId ? -1 : 1);
}

function candidateOf(agent: AgentState, excluded: Candidate['excluded']): Candidate {
  const idle = idleSince(agent);
  return {
    agentId: agent.agentId,
    name: agent.name,
    load: agent.load,
    capacity: agent.capacity,
    idleSince: idle > 0 ? new Date(idle).toISOString() : null,
    excluded,
  };
}

/** The first few by `longerIdle` of those that are shown to it: a pool may be thousands, a reason lists some. */
class FirstFew {
  readonly agents: AgentState[] = [];

  see(agent: AgentState): void {
    const { agents } = this;
    if (agents.length === LISTED && longerIdle(agents[LISTED - 1]!, agent) < 0) return;
    let at = agents.length;
    while (at > 0 && longerIdle(agent, agents[at - 1]!) < 0) at--;
    agents.splice(at, 0, agent);
    if (agents.length > LISTED) agents.pop();
  }
}

/** Chooses the agent for an item: the last one first (熟客优先), else the one longest without new work; and says why. */
export function chooseAgent(state: RoutingState, item: ItemState, now: number): Match {
  const pool = poolAgents(state, item);
  const able = new FirstFew();
  const unable = new FirstFew();
  let last: AgentState | null = null;
  for (const agent of pool) {
    const free = exclusion(agent, item) === null;
    if (free && agent.agentId === item.lastAgentId) last = agent;
    (free ? able : unable).see(agent);
  }
  const chosen = last ?? able.agents[0] ?? null;
  const others = chosen === null ? able.agents : [chosen, ...able.agents.filter((agent) => agent !== chosen)];
  const listed = [...others, ...unable.agents].slice(0, LISTED);
  return {
    agent: chosen,
    reason: {
      strategy: chosen === null ? 'waiting' : chosen === last ? 'sticky' : 'longest_idle',
      queue: poolOf(item),
      waitedMs: Math.max(0, now - item.since),
      rulesVersion: state.rulesVersion,
      candidates: listed.map((agent) => candidateOf(agent, exclusion(agent, item))),
      omitted: pool.length - listed.length,
    },
  };
}
