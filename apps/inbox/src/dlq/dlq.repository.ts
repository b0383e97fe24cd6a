import { Injectable } from '@nestjs/common';
import type { DlqEntry, DlqItem } from '@huiliu/contracts';
import { Database, fromDbTime, toDbTime, type Row, type SqlValue, type Tx } from '@huiliu/storage';

const COLUMNS = [
  'id',
  'topic',
  'event_key',
  'partition_no',
  'record_offset',
  'consumer',
  'reason',
  'attempts',
  'state',
  'created_at',
];

/** Where a page of the list ends: entries before it are the next page. */
export interface DlqPlace {
  readonly createdAt: string;
  readonly id: string;
}

@Injectable()
export class DlqRepository {
  constructor(private readonly db: Database) {}

  /** The newest entries before `place`. */
  async page(place: DlqPlace | null, limit: number): Promise<DlqItem[]> {
    const before = place === null ? '' : 'WHERE created_at < ? OR (created_at = ? AND id < ?)';
    const params: SqlValue[] = place === null ? [] : [toDbTime(place.createdAt), toDbTime(place.createdAt), place.id];
    const rows = await this.db.query<Row>(
      `SELECT * FROM inbox_dlq ${before} ORDER BY created_at DESC, id DESC LIMIT ?`,
      [...params, limit],
    );
    return rows.map(itemOfRow);
  }

  async find(id: string): Promise<DlqItem | undefined> {
    const [row] = await this.db.query<Row>('SELECT * FROM inbox_dlq WHERE id = ?', [id]);
    return row === undefined ? undefined : itemOfRow(row);
  }

  async store(tx: Tx, entry: DlqEntry): Promise<void> {
    const values = [
      entry.id,
      entry.topic,
      entry.key,
      entry.partition,
      entry.offset,
      entry.consumer,
      entry.reason,
      entry.attempts,
      entry.state,
      toDbTime(entry.createdAt),
    ];
    await tx.upsertMany('inbox_dlq', COLUMNS, [values], ['id'], ['reason', 'attempts', 'state']);
  }

  async remove(tx: Tx, id: string): Promise<void> {
    await tx.execute('DELETE FROM inbox_dlq WHERE id = ?', [id]);
  }
}

function itemOfRow(row: Row): DlqItem {
  return {
    id: String(row.id),
    topic: String(row.topic),
    key: row.event_key as string | null,
    partition: Number(row.partition_no),
    offset: String(row.record_offset),
    consumer: String(row.consumer),
    reason: String(row.reason),
    attempts: Number(row.attempts),
    state: row.state as DlqItem['state'],
    createdAt: fromDbTime(String(row.created_at)),
  };
}
