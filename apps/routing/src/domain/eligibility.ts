import type { Candidate } from '@huiliu/contracts';
import { poolOf, type AgentState, type ItemState, type Pool, type RoutingState } from './state';

/** The agents who may take an item: its team's; without a team, those of the teams that serve its account; all, where none does. */
export function poolAgents(state: RoutingState, item: Pick<ItemState, 'teamId' | 'accountId'>): readonly AgentState[] {
  return poolFor(state, item).agents;
}

/** Whether one agent is in an item's pool. */
export function inPool(state: RoutingState, item: Pick<ItemState, 'teamId' | 'accountId'>, agentId: string): boolean {
  return poolFor(state, item).ids.has(agentId);
}

/** Worked out once for all items of a queue. */
function poolFor(state: RoutingState, item: Pick<ItemState, 'teamId' | 'accountId'>): Pool {
  const name = poolOf(item);
  const known = state.pools.get(name);
  if (known !== undefined) return known;
  const ids = new Set<string>();
  let served = false;
  for (const team of state.teams.values()) {
    const serves = item.teamId === null ? team.accountIds.includes(item.accountId) : team.teamId === item.teamId;
    if (!serves) continue;
    served = true;
    for (const id of team.agentIds) ids.add(id);
  }
  if (!served && item.teamId === null) for (const id of state.agents.keys()) ids.add(id);
  const pool = { ids, agents: [...ids].flatMap((id) => state.agents.get(id) ?? []) };
  state.pools.set(name, pool);
  return pool;
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
  agent.sinceMs ??= Date.parse(agent.presenceSince);
  return Math.max(agent.lastAssignedAt, agent.sinceMs);
}

/** The seconds an agent has to accept an item; null: it is assigned at once. */
export function acceptSeconds(state: RoutingState, item: ItemState, agentId: string): number | null {
  if (item.teamId !== null) return state.teams.get(item.teamId)?.acceptSeconds ?? null;
  const through = [...state.teams.values()]
    .filter((team) => team.accountIds.includes(item.accountId) && team.agentIds.includes(agentId))
    .sort((a, b) => (a.teamId < b.teamId ? -1 : 1));
  return through[0]?.acceptSeconds ?? null;
}
