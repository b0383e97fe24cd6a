import { Injectable } from '@nestjs/common';
import { Database, type Tx } from '@huiliu/storage';
import type { AgentState, ItemState, TeamState } from './domain/entities';
import { derive, emptyState, type RoutingState } from './domain/state';

interface EntityRow {
  kind: 'agent' | 'team' | 'item';
  entity_id: string;
  data: string;
}

/** Routing's record: what the state is rebuilt from. */
@Injectable()
export class StateRepository {
  constructor(private readonly database: Database) {}

  async load(): Promise<RoutingState> {
    const state = emptyState();
    const rows = await this.database.query<EntityRow>('SELECT kind, entity_id, data FROM routing_entities');
    for (const row of rows) {
      const data: unknown = JSON.parse(row.data);
      if (row.kind === 'agent') state.agents.set(row.entity_id, data as AgentState);
      else if (row.kind === 'team') state.teams.set(row.entity_id, data as TeamState);
      else state.items.set(row.entity_id, data as ItemState);
    }
    derive(state);
    return state;
  }

  /** Writes down what changed. */
  async save(tx: Tx, state: RoutingState): Promise<void> {
    const rows: string[][] = [];
    for (const id of state.dirty.agents) rows.push(['agent', id, JSON.stringify(state.agents.get(id))]);
    for (const id of state.dirty.teams) rows.push(['team', id, JSON.stringify(state.teams.get(id))]);
    const closed: string[] = [];
    for (const id of state.dirty.items) {
      const item = state.items.get(id);
      if (item === undefined) closed.push(id);
      else rows.push(['item', id, JSON.stringify(item)]);
    }
    if (rows.length > 0)
      await tx.upsertMany('routing_entities', ['kind', 'entity_id', 'data'], rows, ['kind', 'entity_id'], ['data']);
    if (closed.length > 0) {
      await tx.execute(
        `DELETE FROM routing_entities WHERE kind = 'item' AND entity_id IN (${closed.map(() => '?').join(', ')})`,
        closed,
      );
    }
  }
}

export function clearDirty(state: RoutingState): void {
  state.dirty.agents.clear();
  state.dirty.teams.clear();
  state.dirty.items.clear();
}
