import { createTables, type SchemaModule, type Table } from '@huiliu/storage';

/** The tables of the bus in one app's database. */
export interface BusTables {
  readonly parked: string;
  readonly log: string;
  readonly positions: string;
  readonly meta: string;
}

export function busTables(prefix: string): BusTables {
  return {
    parked: `${prefix}_parked`,
    log: `${prefix}_bus_log`,
    positions: `${prefix}_bus_positions`,
    meta: `${prefix}_bus_meta`,
  };
}

function parked(prefix: string): Table {
  return {
    name: busTables(prefix).parked,
    columns: {
      n: { type: 'big', auto: true },
      id: { type: 'id' },
      grp: { type: 'str(100)' },
      topic: { type: 'str(200)' },
      partition_no: { type: 'int' },
      record_offset: { type: 'str(32)' },
      event_key: { type: 'text', nullable: true },
      key_hash: { type: 'key43' },
      event_id: { type: 'id', nullable: true },
      state: { type: 'str(10)' },
      value: { type: 'text' },
      /** `text`, or `base64` where the bytes are no text. */
      encoding: { type: 'str(10)' },
      reason: { type: 'str(500)' },
      attempts: { type: 'int' },
      /** The DLQ topic was told of it. */
      announced: { type: 'bool' },
      /** Somebody asked for the next try. */
      replayed: { type: 'bool' },
      /** When it is tried next; null: at once when it is the first of its key, and never when dead. */
      next_at: { type: 'time', nullable: true },
      created_at: { type: 'time' },
    },
    primary: ['n'],
    unique: [['id']],
    index: [['grp', 'topic', 'partition_no', 'state', 'key_hash', 'n']],
  };
}

function log(prefix: string): Table {
  return {
    name: busTables(prefix).log,
    columns: {
      n: { type: 'big', auto: true },
      topic: { type: 'str(200)' },
      event_key: { type: 'text' },
      id: { type: 'id' },
      value: { type: 'text' },
      created_at: { type: 'time' },
    },
    primary: ['n'],
    index: [['topic', 'n']],
  };
}

/** `ahead`: what was handled beyond `n`, as a JSON list, while something before it is held. */
function positions(prefix: string): Table {
  return {
    name: busTables(prefix).positions,
    columns: {
      grp: { type: 'str(100)' },
      topic: { type: 'str(200)' },
      n: { type: 'big' },
      ahead: { type: 'text', nullable: true },
    },
    primary: ['grp', 'topic'],
  };
}

function meta(prefix: string): Table {
  return {
    name: busTables(prefix).meta,
    columns: { name: { type: 'str(50)' }, value: { type: 'str(100)' } },
    primary: ['name'],
  };
}

/** What every consumer needs, on either bus: the table of parked and dead events. */
export function busSchema(prefix: string): SchemaModule {
  return { prefix, steps: [createTables('20261123-00-bus', [parked(prefix)])] };
}

/** What the embedded bus needs besides: the log, the groups' positions, the name of the log's life. */
export function embeddedBusSchema(prefix: string): SchemaModule {
  return { prefix, steps: [createTables('20261123-00-bus-embedded', [log(prefix), positions(prefix), meta(prefix)])] };
}

/** The schemas to hand to `StorageModule.forRoot` for the bus that the configuration chooses. */
export function busSchemas(config: { readonly bus: 'embedded' | 'kafka' }, prefix: string): SchemaModule[] {
  return config.bus === 'embedded' ? [busSchema(prefix), embeddedBusSchema(prefix)] : [busSchema(prefix)];
}
