import { AgentIndex } from './agent-index';
import { Deadlines } from './deadlines';
import type { AgentState, ItemPhase, ItemState, TeamState } from './entities';
import { Queues } from './queues';

/** Everything that decisions are made from. Owned by one reducer at a time, which changes it in place. */
export interface RoutingState {
  agents: Map<string, AgentState>;
  teams: Map<string, TeamState>;
  items: Map<string, ItemState>;
  /** Grows with each change of agents or teams: which rules a decision was made by. */
  rulesVersion: number;
  /** What changed since it was last written down. */
  dirty: { agents: Set<string>; teams: Set<string>; items: Set<string> };
  /** Derived from the above, so that no decision looks at everything: what waits, what lapses, who is asked, what each holds, how many there are. */
  queues: Queues;
  deadlines: Deadlines;
  index: AgentIndex;
  held: Map<string, number>;
  phases: Record<ItemPhase, number>;
}

const noPhases = (): Record<ItemPhase, number> => ({ waiting: 0, proposed: 0, offered: 0, owned: 0, idle: 0 });

export function emptyState(): RoutingState {
  return {
    agents: new Map(),
    teams: new Map(),
    items: new Map(),
    rulesVersion: 1,
    dirty: { agents: new Set(), teams: new Set(), items: new Set() },
    queues: new Queues(),
    deadlines: new Deadlines(),
    index: new AgentIndex(),
    held: new Map(),
    phases: noPhases(),
  };
}

/** Puts an item where its phase belongs; an item of the same conversation has been removed before. */
export function addItem(state: RoutingState, item: ItemState): void {
  state.items.set(item.conversationId, item);
  settle(state, item);
}

export function removeItem(state: RoutingState, item: ItemState): void {
  unsettle(state, item);
  state.items.delete(item.conversationId);
}

/** Changes an item, also in what it is ordered by. What it holds of an agent changes by `hold` alone. */
export function changeItem(
  state: RoutingState,
  item: ItemState,
  change: Partial<Omit<ItemState, 'conversationId' | 'agentId' | 'weight'>>,
): void {
  unsettle(state, item);
  Object.assign(item, change);
  settle(state, item);
  state.dirty.items.add(item.conversationId);
}

/** Gives an item's weight to an agent, who is ranked anew, or to nobody. Answers who had it before. */
export function hold(
  state: RoutingState,
  item: ItemState,
  agentId: string | null,
  weight = item.weight,
): AgentState | null {
  const before = item.agentId === null ? null : addLoad(state, item.agentId, -item.weight);
  item.agentId = agentId;
  item.weight = weight;
  if (agentId !== null) addLoad(state, agentId, weight);
  state.dirty.items.add(item.conversationId);
  return before;
}

/** Something of an agent changed: what they are ranked by, and what is to be written down. */
export function touchAgent(state: RoutingState, agent: AgentState): void {
  state.index.placeAgent(agent);
  state.dirty.agents.add(agent.agentId);
}

/** Fills what is derived from agents, teams and items; used after loading, and as the recount in tests. */
export function derive(state: RoutingState): void {
  Object.assign(state, { queues: new Queues(), deadlines: new Deadlines(), index: new AgentIndex() });
  Object.assign(state, { held: new Map(), phases: noPhases() });
  for (const item of state.items.values()) {
    settle(state, item);
    if (item.agentId !== null) state.held.set(item.agentId, (state.held.get(item.agentId) ?? 0) + item.weight);
  }
  for (const agent of state.agents.values()) {
    agent.load = state.held.get(agent.agentId) ?? 0;
    state.index.placeAgent(agent);
  }
  for (const team of state.teams.values()) state.index.placeTeam(team);
}

function addLoad(state: RoutingState, agentId: string, weight: number): AgentState | null {
  const load = (state.held.get(agentId) ?? 0) + weight;
  if (load === 0) state.held.delete(agentId);
  else state.held.set(agentId, load);
  const agent = state.agents.get(agentId);
  if (agent === undefined) return null;
  agent.load = load;
  touchAgent(state, agent);
  return agent;
}

function settle(state: RoutingState, item: ItemState): void {
  state.phases[item.phase] += 1;
  if (item.phase === 'waiting') state.queues.add(item);
  if (item.phase === 'offered') state.deadlines.add(item);
}

function unsettle(state: RoutingState, item: ItemState): void {
  state.phases[item.phase] -= 1;
  if (item.phase === 'waiting') state.queues.remove(item);
  if (item.phase === 'offered') state.deadlines.remove(item);
}
