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

/** Chooses the agent for an item: the last one first (熟客优先), else the one longest without new work; and says why. */
export function chooseAgent(state: RoutingState, item: ItemState, now: number): Match {
  const looked = poolAgents(state, item).map((agent) => ({
    agent,
    excluded: exclusion(agent, item),
  }));
  const able = looked.filter((entry) => entry.excluded === null).map((entry) => entry.agent);
  const last = able.find((agent) => agent.agentId === item.lastAgentId);
  const chosen = last ?? able.sort(longerIdle)[0] ?? null;
  const listed = looked
    .sort(
      (a, b) =>
        Number(b.agent === chosen) - Number(a.agent === chosen) ||
        Number(a.excluded !== null) - Number(b.excluded !== null) ||
        longerIdle(a.agent, b.agent),
    )
    .slice(0, LISTED);
  return {
    agent: chosen,
    reason: {
      strategy: chosen === null ? 'waiting' : chosen === last ? 'sticky' : 'longest_idle',
      queue: poolOf(item),
      waitedMs: Math.max(0, now - item.since),
      rulesVersion: state.rulesVersion,
      candidates: listed.map((entry) => candidateOf(entry.agent, entry.excluded)),
      omitted: looked.length - listed.length,
    },
  };
}
