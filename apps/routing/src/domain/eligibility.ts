import type { Candidate } from '@huiliu/contracts';
import type { AgentState, ItemState } from './entities';
import type { RoutingState } from './state';

/** Why an agent of the pool cannot take an item now; null when they can. */
export function exclusion(agent: AgentState, item: ItemState): Candidate['excluded'] {
  if (agent.disabled) return 'disabled';
  if (agent.presence !== 'online') return agent.presence;
  if (agent.gone) return 'gone';
  if (item.declined.includes(agent.agentId)) return 'declined';
  if (agent.load + item.weight > agent.capacity) return 'full';
  if (item.refused[agent.agentId] === agent.changes) return 'full';
  return null;
}

/** The seconds an agent has to accept an item; null: it is assigned at once. */
export function acceptSeconds(state: RoutingState, item: ItemState, agentId: string): number | null {
  if (item.teamId !== null) return state.teams.get(item.teamId)?.acceptSeconds ?? null;
  const through = [...state.teams.values()]
    .filter((team) => team.accountIds.includes(item.accountId) && team.agentIds.includes(agentId))
    .sort((a, b) => (a.teamId < b.teamId ? -1 : 1));
  return through[0]?.acceptSeconds ?? null;
}
