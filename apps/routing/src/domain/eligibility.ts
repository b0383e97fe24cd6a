import type { Candidate } from '@huiliu/contracts';
import { type AgentState, type ItemState, type RoutingState } from './state';

/** The agents who may take an item: its team's; without a team, those of the teams that serve its account; all, where none does. */
export function poolAgents(state: RoutingState, item: Pick<ItemState, 'teamId' | 'accountId'>): AgentState[] {
  const ids = new Set<string>();
  let served = false;
  for (const team of state.teams.values()) {
    const serves = item.teamId === null ? team.accountIds.includes(item.accountId) : team.teamId === item.teamId;
    if (!serves) continue;
    served = true;
    for (const id of team.agentIds) ids.add(id);
  }
  if (!served) return item.teamId === null ? [...state.agents.values()] : [];
  return [...ids].flatMap((id) => state.agents.get(id) ?? []);
}

/** Whether one agent is in an item's pool. */
export function inPool(state: RoutingState, item: Pick<ItemState, 'teamId' | 'accountId'>, agentId: string): boolean {
  let served = false;
  for (const team of state.teams.values()) {
    const serves = item.teamId === null ? team.accountIds.includes(item.accountId) : team.teamId === item.teamId;
    if (!serves) continue;
    if (team.agentIds.includes(agentId)) return true;
    served = true;
  }
  return !served && item.teamId === null;
}

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

/** Since when an agent has had no new work: since the last assignment, or since they came, whichever is later. */
export function idleSince(agent: AgentState): number {
  return Math.max(agent.lastAssignedAt, Date.parse(agent.presenceSince));
}

/** The seconds an agent has to accept an item; null: it is assigned at once. */
export function acceptSeconds(state: RoutingState, item: ItemState, agentId: string): number | null {
  if (item.teamId !== null) return state.teams.get(item.teamId)?.acceptSeconds ?? null;
  const through = [...state.teams.values()]
    .filter((team) => team.accountIds.includes(item.accountId) && team.agentIds.includes(agentId))
    .sort((a, b) => (a.teamId < b.teamId ? -1 : 1));
  return through[0]?.acceptSeconds ?? null;
}
