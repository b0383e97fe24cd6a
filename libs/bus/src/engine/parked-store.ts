import { dlqTopicOf, type DlqCommandEvent, type DlqEntry } from '@huiliu/contracts';
import { breaks } from '@huiliu/platform';
import { fromDbTime, toDbTime, type Clock, type Database, type Outbox, type Queryable, type Tx } from '@huiliu/storage';
import { toOutbox, wrap } from '../envelopes';
import { busTables } from '../schema';
import { isDlqTopic } from '../topics';
import {
  factOfRow,
  hashOfKey,
  newParkedRow,
  PARKED_COLUMNS,
  toParkedRow,
  type Fate,
  type ParkedRow,
  type ParkedScope,
} from './parked-row';
import type { Entry } from './record';

/** The keys that have parked rows and when the first of each is due (0: now), and the dead rows that somebody wants tried again. */
export interface ParkedOverview {
  readonly keys: ReadonlyMap<string, number>;
  readonly dueDead: readonly ParkedRow[];
  /** There are rows, dead ones included: worth looking again. */
  readonly any: boolean;
}

const marks = (count: number): string => Array.from({ length: count }, () => '?').join(', ');

/**
 * The table of events that could not be handled. Parked rows of a key wait in order behind the first; dead ones stand alone.
 * What people should know leaves by the outbox in the same transaction: followers that never failed are not told of.
 */
export class ParkedStore {
  private readonly table: string;
  private readonly listeners = new Set<() => void>();

  constructor(
    prefix: string,
    private readonly db: Database,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {
    this.table = busTables(prefix).parked;
  }

  /** Calls back after commands changed rows in this process. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Tells the runners of this process to look at their rows again. */
  changed(): void {
    for (const listener of this.listeners) listener();
  }

  async overview(scope: ParkedScope): Promise<ParkedOverview> {
    const where = 'grp = ? AND topic = ? AND partition_no = ?';
    const params = [scope.group, scope.topic, scope.partition];
    // Only the first row of a key carries a time; when it is gone the next one's null means now.
    const heads = await this.db.query(
      `SELECT MIN(event_key) AS event_key, MAX(next_at) AS next_at FROM ${this.table} WHERE ${where} AND state = 'parked' GROUP BY key_hash`,
      params,
    );
    const dead = await this.db.query<{ count: number; due: string | null }>(
      `SELECT COUNT(*) AS count, MIN(next_at) AS due FROM ${this.table} WHERE ${where} AND state = 'dead'`,
      params,
    );
    const due = dead[0]?.due
      ? await this.db.query(
          `SELECT * FROM ${this.table} WHERE ${where} AND state = 'dead' AND next_at IS NOT NULL ORDER BY n LIMIT 100`,
          params,
        )
      : [];
    const keys = new Map(
      heads.map((row) => [
        String(row.event_key ?? ''),
        row.next_at === null ? 0 : Date.parse(fromDbTime(String(row.next_at))),
      ]),
    );
    return { keys, dueDead: due.map(toParkedRow), any: keys.size > 0 || Number(dead[0]?.count ?? 0) > 0 };
  }

  /** The first rows of a key, in order. */
  async load(scope: ParkedScope, key: string, limit: number): Promise<ParkedRow[]> {
    const rows = await this.db.query(
      `SELECT * FROM ${this.table} WHERE grp = ? AND topic = ? AND partition_no = ? AND state = 'parked' AND key_hash = ? ORDER BY n${breaks('parked-order') ? ' DESC' : ''} LIMIT ${limit}`,
      [scope.group, scope.topic, scope.partition, hashOfKey(key)],
    );
    return rows.map(toParkedRow);
  }

  /** Counts rows by state, for the gauges. */
  async counts(): Promise<Record<'parked' | 'dead', number>> {
    const rows = await this.db.query<{ state: string; count: number }>(
      `SELECT state, COUNT(*) AS count FROM ${this.table} GROUP BY state`,
    );
    const of = (state: string): number => Number(rows.find((row) => row.state === state)?.count ?? 0);
    return { parked: of('parked'), dead: of('dead') };
  }

  /** True when one of the keys has parked rows as the transaction sees it. */
  async anyParked(q: Queryable, scope: ParkedScope, keys: readonly string[]): Promise<boolean> {
    const rows = await q.query(
      `SELECT n FROM ${this.table} WHERE grp = ? AND topic = ? AND partition_no = ? AND state = 'parked' AND key_hash IN (${marks(keys.length)}) LIMIT 1`,
      [scope.group, scope.topic, scope.partition, ...keys.map(hashOfKey)],
    );
    return rows.length > 0;
  }

  /** Parks entries of one key in order behind what is parked of it. `failure` belongs to the first and is told; null: all just wait. */
  async park(
    tx: Tx,
    scope: ParkedScope,
    entries: readonly Entry[],
    failure: { reason: string; attempts: number; nextAt: Date } | null,
  ): Promise<void> {
    const waits: Fate = {
      state: 'parked',
      reason: 'waits behind an earlier event of the same key',
      attempts: 0,
      announced: false,
      nextAt: null,
    };
    const fates = entries.map((_, i): Fate =>
      i === 0 && failure ? { ...failure, state: 'parked', announced: true } : waits,
    );
    await this.insert(tx, scope, entries, fates);
  }

  /** Stores what is no valid event; nothing waits for it. */
  async bury(tx: Tx, scope: ParkedScope, entries: readonly Entry[]): Promise<void> {
    const fates = entries.map(({ defect }): Fate => ({
      state: 'dead',
      reason: defect ?? 'invalid',
      attempts: 1,
      announced: true,
      nextAt: null,
    }));
    await this.insert(tx, scope, entries, fates);
  }

  /** Deletes rows as part of their effect; answers those that were still there, in order. */
  async take(tx: Tx, scope: ParkedScope, rows: readonly ParkedRow[], how?: 'discarded'): Promise<ParkedRow[]> {
    const ids = rows.map((row) => row.id);
    const found = new Set((await tx.lock<{ id: string }>(this.table, 'id', ids, ['id'])).map((row) => row.id));
    const taken = rows.filter((row) => found.has(row.id));
    if (taken.length === 0) return [];
    await tx.execute(
      `DELETE FROM ${this.table} WHERE id IN (${marks(taken.length)})`,
      taken.map((row) => row.id),
    );
    for (const row of taken) {
      if (row.announced) await this.removed(tx, scope, row, how ?? (row.replayed ? 'replayed' : 'handled'));
    }
    return taken;
  }

  /** Notes a further failure of a row, and tells of it when it has failed often enough to be shown or was shown before. */
  async fail(
    tx: Tx,
    scope: ParkedScope,
    row: ParkedRow,
    next: { state: 'parked' | 'dead'; reason: string; nextAt: Date | null; announce: boolean },
  ): Promise<void> {
    const attempts = row.attempts + 1;
    const announced = row.announced || next.announce;
    const { affected } = await tx.execute(
      `UPDATE ${this.table} SET state = ?, reason = ?, attempts = ?, announced = ?, next_at = ?, replayed = 0 WHERE id = ?`,
      [next.state, next.reason, attempts, announced ? 1 : 0, next.nextAt && toDbTime(next.nextAt), row.id],
    );
    if (affected === 0 || !announced) return;
    await this.announce(tx, factOfRow(scope, row, next.state, next.reason));
  }

  /** Does what an admin wants of a row: the next try is now, or it goes and what waits behind it goes on. */
  async command(tx: Tx, command: DlqCommandEvent): Promise<void> {
    const { id } = command.data;
    if (command.type === 'dlq.replay') {
      await tx.execute(`UPDATE ${this.table} SET next_at = ?, replayed = 1 WHERE id = ?`, [
        toDbTime(this.clock.now()),
        id,
      ]);
      return;
    }
    const rows = await tx.query(`SELECT * FROM ${this.table} WHERE id = ?`, [id]);
    const row = rows[0];
    if (!row) return;
    const scope = { group: String(row.grp), topic: String(row.topic), partition: Number(row.partition_no) };
    await this.take(tx, scope, [toParkedRow(row)], 'discarded');
  }

  private async insert(tx: Tx, scope: ParkedScope, entries: readonly Entry[], fates: readonly Fate[]): Promise<void> {
    const now = this.clock.now();
    const rows = entries.map((entry, i) => newParkedRow(scope, entry, fates[i]!, now));
    await tx.insertMany(
      this.table,
      PARKED_COLUMNS,
      rows.map((row) => row.values),
    );
    for (const [i, row] of rows.entries()) if (fates[i]!.announced) await this.announce(tx, row.fact);
  }

  private async announce(tx: Tx, fact: DlqEntry): Promise<void> {
    if (isDlqTopic(fact.topic)) return;
    const record = wrap(dlqTopicOf(fact.topic), 'dlq.stored', fact.key || fact.id, fact, this.clock.now());
    await this.outbox.add(tx, [toOutbox(record)]);
  }

  private async removed(
    tx: Tx,
    scope: ParkedScope,
    row: ParkedRow,
    how: 'handled' | 'replayed' | 'discarded',
  ): Promise<void> {
    if (isDlqTopic(scope.topic)) return;
    const data = { id: row.id, consumer: scope.group, how };
    const record = wrap(dlqTopicOf(scope.topic), 'dlq.removed', row.key || row.id, data, this.clock.now());
    await this.outbox.add(tx, [toOutbox(record)]);
  }
}
