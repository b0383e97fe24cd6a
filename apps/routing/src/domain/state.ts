import type { AgentChanged, Priority, TeamChanged } from '@huiliu/contracts';

/** An agent as routing knows them. `load` is what items hold of their capacity: owned, proposed and offered. */
export interface AgentState extends AgentChanged {
  load: number;
  /** When they last got work, in ms since the epoch; 0: never. */
  lastAssignedAt: number;
  /** Counts changes that may make them eligible again: an agent refused for an item is not tried again at the same count. */
  changes: number;
  /** `presenceSince` in ms, once it was asked for. */
  sinceMs?: number;
}

export type TeamState = TeamChanged;

/**
 * Where an item stands: `waiting` in its queue; `proposed` to the inbox and not yet committed; `offered` to an agent; `owned`; `idle`:
 * somebody took it from its agent and nobody asked for another yet.
 */
export type ItemPhase = 'waiting' | 'proposed' | 'offered' | 'owned' | 'idle';

export interface ItemState {
  conversationId: string;
  version: number;
  accountId: string;
  teamId: string | null;
  priority: Priority;
  weight: number;
  lastAgentId: string | null;
  /** Since when it waits, ms; never starts anew. */
  since: number;
  phase: ItemPhase;
  /** Who holds its weight: the agent of a proposal, an offer or an assignment. */
  agentId: string | null;
  offer: { id: string; expiresAt: number } | null;
  /** Who declined or let it lapse: never offered to them again. */
  declined: string[];
  /** Who the inbox refused, with their `changes` then. */
  refused: Record<string, number>;
}

/** The agents who may take what waits in one queue. */
export interface Pool {
  readonly ids: ReadonlySet<string>;
  /** Those of them that are known. */
  readonly agents: readonly AgentState[];
}

/** Everything that decisions are made from. Owned by one reducer at a time, which changes it in place. */
export interface RoutingState {
  agents: Map<string, AgentState>;
  teams: Map<string, TeamState>;
  items: Map<string, ItemState>;
  /** Waiting conversations by pool, best first; derived from `items`. */
  queues: Map<string, string[]>;
  /** Who serves which queue, as far as it was asked; forgotten when teams change or an agent is new. */
  pools: Map<string, Pool>;
  /** Conversations that are offered to somebody, and perhaps some that no longer are; derived from `items`. */
  offered: Set<string>;
  /** Grows with each change of agents or teams: which rules a decision was made by. */
  rulesVersion: number;
  /** What changed since it was last written down. */
  dirty: { agents: Set<string>; teams: Set<string>; items: Set<string> };
}

export function emptyState(): RoutingState {
  return {
    agents: new Map(),
    teams: new Map(),
    items: new Map(),
    queues: new Map(),
    pools: new Map(),
    offered: new Set(),
    rulesVersion: 1,
    dirty: { agents: new Set(), teams: new Set(), items: new Set() },
  };
}

const RANK: Record<Priority, number> = { urgent: 0, high: 1, normal: 2, low: 3 };

/** The queue of an item: its team's, or its account's. */
export function poolOf(item: Pick<ItemState, 'teamId' | 'accountId'>): string {
  return item.teamId === null ? `account:${item.accountId}` : `team:${item.teamId}`;
}

/** The order of a queue: priority, then age, then id. */
export function goesFirst(a: ItemState, b: ItemState): boolean {
  if (RANK[a.priority] !== RANK[b.priority]) return RANK[a.priority] < RANK[b.priority];
  if (a.since !== b.since) return a.since < b.since;
  return a.conversationId < b.conversationId;
}

/** Where an item stands in its queue, or would stand. Queues may be very long: by halves. */
function placeIn(state: RoutingState, queue: readonly string[], item: ItemState): number {
  let low = 0;
  let high = queue.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = state.items.get(queue[middle] as string);
    if (other !== undefined && goesFirst(other, item)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Puts an item into its queue, by priority, then age. */
export function enqueue(state: RoutingState, item: ItemState): void {
  const pool = poolOf(item);
  const queue = state.queues.get(pool) ?? [];
  queue.splice(placeIn(state, queue, item), 0, item.conversationId);
  state.queues.set(pool, queue);
}

/** Takes an item out of its queue. Its priority and age are still those with which it was put there. */
export function dequeue(state: RoutingState, item: ItemState): void {
  const pool = poolOf(item);
  const queue = state.queues.get(pool);
  if (queue === undefined) return;
  const at = placeIn(state, queue, item);
  if (queue[at] !== item.conversationId) return;
  if (at === 0) queue.shift();
  else queue.splice(at, 1);
  if (queue.length === 0) state.queues.delete(pool);
}

/** Fills what is derived (loads and queues) from the items; used after loading, and as the recount in tests. */
export function derive(state: RoutingState): void {
  for (const agent of state.agents.values()) agent.load = 0;
  state.queues.clear();
  state.pools.clear();
  state.offered.clear();
  for (const item of state.items.values()) {
    const agent = item.agentId === null ? undefined : state.agents.get(item.agentId);
    if (agent !== undefined) agent.load += item.weight;
    if (item.phase === 'waiting') append(state, item);
    if (item.phase === 'offered') state.offered.add(item.conversationId);
  }
  for (const queue of state.queues.values()) {
    const items = queue.map((id) => state.items.get(id) as ItemState);
    items.sort((a, b) => (goesFirst(a, b) ? -1 : 1));
    for (const [at, item] of items.entries()) queue[at] = item.conversationId;
  }
}

function append(state: RoutingState, item: ItemState): void {
  const pool = poolOf(item);
  const queue = state.queues.get(pool);
  if (queue === undefined) state.queues.set(pool, [item.conversationId]);
  else queue.push(item.conversationId);
}
