import { createTables, type SchemaModule, type Table } from '@huiliu/storage';

/** Agents, teams and items as routing knows them, each as the JSON that the reducer works on. */
const entities: Table = {
  name: 'routing_entities',
  columns: { kind: { type: 'str(10)' }, entity_id: { type: 'id' }, data: { type: 'text' } },
  primary: ['kind', 'entity_id'],
};

/** One row: who writes now. A new writer raises `epoch`; writes of an older one are refused. */
const epoch: Table = {
  name: 'routing_epoch',
  columns: { id: { type: 'int' }, epoch: { type: 'int' }, owner: { type: 'id' }, beat_at: { type: 'time' } },
  primary: ['id'],
};

export const ROUTING_TABLES: readonly Table[] = [entities, epoch];
export const ROUTING_SCHEMA: SchemaModule = {
  prefix: 'routing',
  steps: [createTables('20261123-01-routing', ROUTING_TABLES)],
};
