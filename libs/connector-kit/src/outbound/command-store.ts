import { Inject, Injectable } from '@nestjs/common';
import type { ChannelOutboundEvent, EditCommand, HandOverCommand, RecallCommand, SendCommand } from '@huiliu/contracts';
import { deriveId } from '@huiliu/platform';
import { Clock, Database, fromDbTime, type SqlValue, toDbTime, type Tx } from '@huiliu/storage';
import { connectorPrefix, HOST_OPTIONS, type HostOptions } from '../host-options';

/** The same command is known for so long after its end. */
const KEEP_MS = 8 * 24 * 3600_000;
const PAGE = 500;

export type CommandKind = 'send' | 'edit' | 'recall' | 'handover';
export type CommandState = 'queued' | 'sending' | 'done' | 'failed' | 'unknown';

/** A command under way, as the table holds it. */
export interface StoredCommand {
  readonly n: number;
  readonly lane: string;
  readonly messageId: string;
  readonly attempt: number;
  readonly conversationId: string;
  readonly accountId: string;
  readonly order:
    | { readonly kind: 'send'; readonly command: SendCommand }
    | { readonly kind: 'edit'; readonly command: EditCommand }
    | { readonly kind: 'recall'; readonly command: RecallCommand }
    | { readonly kind: 'handover'; readonly command: HandOverCommand };
  state: CommandState;
  part: number;
  tries: number;
  firstTriedAtMs: number | null;
  notBeforeMs: number | null;
  remoteIds: string[];
}

interface Row extends Record<string, SqlValue> {
  n: number;
  kind: CommandKind;
  lane: string;
  message_id: string;
  attempt: number;
  conversation_id: string;
  account_id: string;
  state: CommandState;
  command: string;
  part: number;
  tries: number;
  first_tried_at: string | null;
  not_before: string | null;
  remote_ids: string;
}

const KINDS = {
  'message.send': 'send',
  'message.edit': 'edit',
  'message.recall': 'recall',
  'conversation.hand_over': 'handover',
} as const satisfies Record<ChannelOutboundEvent['type'], CommandKind>;
const COLUMNS = [
  'command_id',
  'kind',
  'lane',
  'message_id',
  'attempt',
  'conversation_id',
  'account_id',
  'state',
  'command',
  'part',
  'remote_ids',
  'updated_at',
];

/** The commands of `<prefix>_outbound`. */
@Injectable()
export class CommandStore {
  private readonly table: string;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(HOST_OPTIONS) options: HostOptions,
  ) {
    this.table = `${connectorPrefix(options.app)}_outbound`;
  }

  /** Stores commands in their order; one that is known already is left out. Answers how many were new. */
  async store(
    tx: Tx,
    events: readonly ChannelOutboundEvent[],
    laneOf: (event: ChannelOutboundEvent) => string,
  ): Promise<number> {
    const rows = new Map(events.map((event) => [identityOf(event), event]));
    const ids = [...rows.keys()];
    const known = new Set<string>();
    for (let at = 0; at < ids.length; at += PAGE) {
      const page = ids.slice(at, at + PAGE);
      const found = await tx.query<{ command_id: string }>(
        `SELECT command_id FROM ${this.table} WHERE command_id IN (${page.map(() => '?').join(', ')})`,
        page,
      );
      for (const row of found) known.add(row.command_id);
    }
    const now = toDbTime(this.clock.now());
    // The unique key guards what this look-up cannot see; such a collision repeats the batch.
    const fresh = [...rows].filter(([id]) => !known.has(id));
    if (fresh.length === 0) return 0;
    await tx.insertMany(
      this.table,
      COLUMNS,
      fresh.map(([id, event]) => [
        id,
        KINDS[event.type],
        laneOf(event),
        event.data.messageId,
        event.type === 'message.send' ? event.data.attempt : 0,
        event.data.conversationId,
        event.data.accountId,
        'queued',
        JSON.stringify(event.data),
        event.type === 'message.send' ? event.data.fromPart : 1,
        '[]',
        now,
      ]),
    );
    return fresh.length;
  }

  /** The numbers of what has not ended in these lanes, in order: always from the lowest, never "behind the last". */
  async pending(lanes: readonly string[], limit: number): Promise<number[]> {
    if (lanes.length === 0) return [];
    const rows = await this.database.query<{ n: number }>(
      `SELECT n FROM ${this.table} WHERE pending = 1 AND lane IN (${lanes.map(() => '?').join(', ')}) ORDER BY n LIMIT ${Math.floor(limit)}`,
      [...lanes],
    );
    return rows.map((row) => Number(row.n));
  }

  /** Whether anything of this conversation has not ended. */
  async waits(conversationId: string): Promise<boolean> {
    const rows = await this.database.query(
      `SELECT n FROM ${this.table} WHERE pending = 1 AND conversation_id = ? LIMIT 1`,
      [conversationId],
    );
    return rows.length > 0;
  }

  /** The lanes between two names in which something has not ended. */
  async waitingLanes(from: string, below: string): Promise<string[]> {
    const rows = await this.database.query<{ lane: string }>(
      `SELECT DISTINCT lane FROM ${this.table} WHERE pending = 1 AND lane >= ? AND lane < ?`,
      [from, below],
    );
    return rows.map(({ lane }) => lane);
  }

  async load(numbers: readonly number[]): Promise<StoredCommand[]> {
    const found: StoredCommand[] = [];
    for (let at = 0; at < numbers.length; at += PAGE) {
      const page = numbers.slice(at, at + PAGE);
      const rows = await this.database.query<Row>(
        `SELECT * FROM ${this.table} WHERE pending = 1 AND n IN (${page.map(() => '?').join(', ')}) ORDER BY n`,
        page,
      );
      found.push(...rows.map(commandOf));
    }
    return found;
  }

  /** Writes where a command stands while it is under way. */
  async progress(tx: Tx, command: StoredCommand): Promise<void> {
    await tx.execute(
      `UPDATE ${this.table} SET state = ?, part = ?, tries = ?, first_tried_at = ?, not_before = ?, remote_ids = ?, updated_at = ? WHERE n = ?`,
      [
        command.state,
        command.part,
        command.tries,
        timeOrNull(command.firstTriedAtMs),
        timeOrNull(command.notBeforeMs),
        JSON.stringify(command.remoteIds),
        toDbTime(this.clock.now()),
        command.n,
      ],
    );
  }

  /** A command has ended. What it said is not kept; that it was, is. */
  async end(tx: Tx, command: StoredCommand, state: 'done' | 'failed' | 'unknown'): Promise<void> {
    await tx.execute(
      `UPDATE ${this.table} SET pending = 0, state = ?, part = ?, remote_ids = ?, command = '', updated_at = ? WHERE n = ?`,
      [state, command.part, JSON.stringify(command.remoteIds), toDbTime(this.clock.now()), command.n],
    );
  }

  async prune(): Promise<void> {
    const before = toDbTime(new Date(this.clock.now().getTime() - KEEP_MS));
    await this.database.transaction((tx) =>
      tx.execute(`DELETE FROM ${this.table} WHERE pending = 0 AND updated_at < ?`, [before]),
    );
  }
}

/** What makes two commands the same: of sends the message and the attempt, else the event. */
function identityOf(event: ChannelOutboundEvent): string {
  return event.type === 'message.send' ? deriveId('send', event.data.messageId, String(event.data.attempt)) : event.id;
}

function commandOf(row: Row): StoredCommand {
  return {
    n: Number(row.n),
    lane: row.lane,
    messageId: row.message_id,
    attempt: Number(row.attempt),
    conversationId: row.conversation_id,
    accountId: row.account_id,
    order: orderOf(row),
    state: row.state,
    part: Number(row.part),
    tries: Number(row.tries),
    firstTriedAtMs: row.first_tried_at === null ? null : Date.parse(fromDbTime(row.first_tried_at)),
    notBeforeMs: row.not_before === null ? null : Date.parse(fromDbTime(row.not_before)),
    remoteIds: JSON.parse(row.remote_ids) as string[],
  };
}

/** Written by `store` from a validated event. */
function orderOf({ kind, command }: Row): StoredCommand['order'] {
  const parsed: unknown = JSON.parse(command);
  return { kind, command: parsed } as StoredCommand['order'];
}

const timeOrNull = (ms: number | null): string | null => (ms === null ? null : toDbTime(new Date(ms)));
