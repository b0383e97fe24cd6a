import type { Candidate, DecisionReason } from '@huiliu/contracts';
import { idleSince } from './agent-index';
import { exclusion } from './eligibility';
import { poolOf } from './queues';
import type { AgentState, ItemState } from './entities';
import type { RoutingState } from './state';

/** The most candidates that a stored reason lists. */
const LISTED = 20;

export interface Match {
  readonly agent: AgentState | null;
  readonly reason: DecisionReason;
}

interface Looked {
  readonly agent: AgentState;
  readonly excluded: Candidate['excluded'];
}

function longerIdle(a: Looked, b: Looked): number {
  return (
    idleSince(a.agent) - idleSince(b.agent) ||
    a.agent.load - b.agent.load ||
    (a.agent.agentId < b.agent.agentId ? -1 : 1)
  );
}

function candidateOf({ agent, excluded }: Looked): Candidate {
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

/**
 * Chooses the agent for an item: the last one first (熟客优先), else the one longest without new work; and says why. Looks at as many
 * agents as the reason lists, not at all of the pool.
 */
export function chooseAgent(state: RoutingState, item: ItemState, now: number): Match {
  const pool = state.index.poolOf(item);
  const last = lastAgent(state, item);
  const able: Looked[] = last === null ? [] : [{ agent: last, excluded: null }];
  const unable: Looked[] = [];
  for (const agent of pool.free()) {
    if (agent === last) continue;
    const excluded = exclusion(agent, item);
    (excluded === null ? able : unable).push({ agent, excluded });
    if (able.length === LISTED) break;
  }
  const left = LISTED - able.length;
  if (left > 0) {
    let seen = 0;
    for (const agent of pool.busy()) {
      if (seen++ === left) break;
      unable.push({ agent, excluded: exclusion(agent, item) });
    }
    unable.sort(longerIdle);
  }
  const listed = [...able, ...unable.slice(0, left)];
  const chosen = able[0]?.agent ?? null;
  return {
    agent: chosen,
    reason: {
      strategy: chosen === null ? 'waiting' : chosen === last ? 'sticky' : 'longest_idle',
      queue: poolOf(item),
      waitedMs: Math.max(0, now - item.since),
      rulesVersion: state.rulesVersion,
      candidates: listed.map(candidateOf),
      omitted: pool.size - listed.length,
    },
  };
}

/** Who had the conversation last, if they can take it now. */
function lastAgent(state: RoutingState, item: ItemState): AgentState | null {
  const agent = item.lastAgentId === null ? undefined : state.agents.get(item.lastAgentId);
  if (agent === undefined || !state.index.poolOf(item).has(agent.agentId)) return null;
  return exclusion(agent, item) === null ? agent : null;
}
