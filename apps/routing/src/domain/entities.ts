import type { AgentChanged, Priority, TeamChanged } from '@huiliu/contracts';

/** An agent as routing knows them. `load` is what items hold of their capacity: owned, proposed and offered. */
export interface AgentState extends AgentChanged {
  load: number;
  /** When they last got work, in ms since the epoch; 0: never. */
  lastAssignedAt: number;
  /** Counts changes that may make them eligible again: an agent refused for an item is not tried again at the same count. */
  changes: number;
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
