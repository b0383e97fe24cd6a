import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { dedupeKey } from '@huiliu/platform';
import { Clock, Database, toDbTime, type Tx } from '@huiliu/storage';
import { connectorPrefix, HOST_OPTIONS, type HostOptions } from '../host-options';

/** Longer than any platform sends receipts for. */
const KEEP_MS = 30 * 24 * 3600_000;
const PRUNE_EVERY_MS = 3600_000;
/** An echo may overtake the answer to the call that caused it. */
const ECHO_WAIT_MS = 3_000;

export interface SentId {
  readonly remoteId: string;
  readonly messageId: string;
  readonly attempt: number;
  readonly part: number;
  readonly conversationId: string;
}

interface Row {
  remote_id: string;
  message_id: string;
  attempt: number;
  part: number;
  conversation_id: string;
  remote_key: string;
}

/** What platforms call what we sent. */
@Injectable()
export class SentIds implements OnApplicationShutdown {
  private readonly logger = new Logger('SentIds');
  private readonly table: string;
  private readonly underWay = new Map<string, Set<Promise<unknown>>>();
  private readonly pruning: NodeJS.Timeout;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(HOST_OPTIONS) options: HostOptions,
  ) {
    this.table = `${connectorPrefix(options.app)}_remote_ids`;
    this.pruning = setInterval(() => void this.prune(), PRUNE_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.pruning);
  }

  async remember(tx: Tx, accountId: string, sent: SentId): Promise<void> {
    const row = [
      keyOf(accountId, sent.remoteId),
      sent.remoteId,
      sent.messageId,
      sent.part,
      sent.attempt,
      sent.conversationId,
      toDbTime(this.clock.now()),
    ];
    const columns = ['remote_key', 'remote_id', 'message_id', 'part', 'attempt', 'conversation_id', 'created_at'];
    // A platform that takes our key gives the same id to the repeated send.
    await tx.upsertMany(
      this.table,
      columns,
      [row],
      ['remote_key'],
      ['message_id', 'part', 'attempt', 'conversation_id'],
    );
  }

  /** The parts of a message that were sent, in order. */
  async ofMessage(messageId: string): Promise<SentId[]> {
    const rows = await this.database.query<Row>(
      `SELECT * FROM ${this.table} WHERE message_id = ? ORDER BY part, attempt`,
      [messageId],
    );
    return rows.map(sentIdOf);
  }

  async find(accountId: string, remoteIds: readonly string[]): Promise<Map<string, SentId>> {
    const keys = new Map(remoteIds.map((remoteId) => [keyOf(accountId, remoteId), remoteId]));
    const rows =
      keys.size === 0
        ? []
        : await this.database.query<Row>(
            `SELECT * FROM ${this.table} WHERE remote_key IN (${[...keys].map(() => '?').join(', ')})`,
            [...keys.keys()],
          );
    return new Map(rows.map((row) => [row.remote_id, sentIdOf(row)]));
  }

  /** Which of these we sent ourselves. Waits for sends of the account whose answers are still out. */
  async sentByUs(accountId: string, remoteIds: readonly string[]): Promise<ReadonlySet<string>> {
    const found = await this.find(accountId, remoteIds);
    const out = [...(this.underWay.get(accountId) ?? [])];
    if (found.size === remoteIds.length || out.length === 0) return new Set(found.keys());
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([Promise.all(out), new Promise((resolve) => (timer = setTimeout(resolve, ECHO_WAIT_MS)))]);
    clearTimeout(timer);
    return new Set((await this.find(accountId, remoteIds)).keys());
  }

  /** A send that is under way until `work` has settled and what it brought is stored. */
  async during<T>(accountId: string, work: () => Promise<T>): Promise<T> {
    const running = work();
    const settled = running.catch(() => undefined);
    const set = this.underWay.get(accountId) ?? new Set<Promise<unknown>>();
    this.underWay.set(accountId, set.add(settled));
    try {
      return await running;
    } finally {
      set.delete(settled);
      if (set.size === 0) this.underWay.delete(accountId);
    }
  }

  private async prune(): Promise<void> {
    try {
      const before = toDbTime(new Date(this.clock.now().getTime() - KEEP_MS));
      await this.database.transaction((tx) => tx.execute(`DELETE FROM ${this.table} WHERE created_at < ?`, [before]));
    } catch (error) {
      this.logger.warn({ err: error }, 'old remote ids cannot be removed now');
    }
  }
}

const keyOf = (accountId: string, remoteId: string): string => dedupeKey(accountId, remoteId, 'sent');

const sentIdOf = (row: Row): SentId => ({
  remoteId: row.remote_id,
  messageId: row.message_id,
  attempt: Number(row.attempt),
  part: Number(row.part),
  conversationId: row.conversation_id,
});
