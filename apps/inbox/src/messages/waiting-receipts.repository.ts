import { Injectable } from '@nestjs/common';
import type { Receipt } from '@huiliu/contracts';
import { fromDbTime, toDbTime, type Queryable, type Row, type Tx } from '@huiliu/storage';
import { marks, textOrNull } from '../conversations/sql';

const COLUMNS = ['id', 'remote_key', 'receipt', 'expires_at'];

/** A receipt for a remote id that nobody knows yet. */
export interface WaitingReceipt {
  /** The event that told it. */
  readonly id: string;
  readonly remoteKey: string;
  readonly receipt: Receipt;
  readonly expiresAt: string;
}

@Injectable()
export class WaitingReceiptsRepository {
  /** One that waits already (its event may be told twice: the embedded bus keeps no ids) goes on waiting as it does. */
  async insert(tx: Tx, waiting: readonly WaitingReceipt[]): Promise<void> {
    if (waiting.length === 0) return;
    const rows = waiting.map(({ id, remoteKey, receipt, expiresAt }) => [
      id,
      remoteKey,
      JSON.stringify(receipt),
      toDbTime(expiresAt),
    ]);
    await tx.upsertMany('inbox_waiting_receipts', COLUMNS, rows, ['id'], []);
  }

  async byKeys(q: Queryable, keys: readonly string[]): Promise<WaitingReceipt[]> {
    if (keys.length === 0) return [];
    const sql = `SELECT ${COLUMNS.join(', ')} FROM inbox_waiting_receipts WHERE remote_key IN (${marks(keys)}) ORDER BY id`;
    return (await q.query(sql, keys)).map(waitingOfRow);
  }

  /** Those whose remote id is known by now, or whose time is over. */
  async due(q: Queryable, now: Date, limit: number): Promise<WaitingReceipt[]> {
    const columns = COLUMNS.map((column) => `w.${column} AS ${column}`).join(', ');
    const sql = `SELECT ${columns} FROM inbox_waiting_receipts w LEFT JOIN inbox_remote_ids r ON r.remote_key = w.remote_key
      WHERE r.remote_key IS NOT NULL OR w.expires_at <= ? ORDER BY w.id LIMIT ?`;
    return (await q.query(sql, [toDbTime(now), limit])).map(waitingOfRow);
  }

  async nextExpiry(q: Queryable): Promise<Date | null> {
    const due = textOrNull((await q.query('SELECT MIN(expires_at) AS due FROM inbox_waiting_receipts'))[0]?.due);
    return due === null ? null : new Date(fromDbTime(due));
  }

  /** Locks those of these that still wait. */
  async lock(tx: Tx, ids: readonly string[]): Promise<WaitingReceipt[]> {
    if (ids.length === 0) return [];
    return (await tx.lock<Row>('inbox_waiting_receipts', 'id', [...ids].sort(), COLUMNS)).map(waitingOfRow);
  }

  async remove(tx: Tx, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await tx.execute(`DELETE FROM inbox_waiting_receipts WHERE id IN (${marks(ids)})`, ids);
  }
}

function waitingOfRow(row: Row): WaitingReceipt {
  return {
    id: String(row.id),
    remoteKey: String(row.remote_key),
    receipt: JSON.parse(String(row.receipt)) as Receipt,
    expiresAt: fromDbTime(String(row.expires_at)),
  };
}
