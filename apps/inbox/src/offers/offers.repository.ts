import { Injectable } from '@nestjs/common';
import type { Offer } from '@huiliu/contracts';
import {
  fromDbTime,
  fromDbTimeOrNull,
  toDbTime,
  type Queryable,
  type Row,
  type SqlValue,
  type Tx,
} from '@huiliu/storage';
import type { StoredOffer } from '../conversations/domain/thread';
import { marks, textOrNull } from '../conversations/sql';

const COLUMNS = [
  'id',
  'conversation_id',
  'agent_id',
  'assignment_version',
  'state',
  'expires_at',
  'created_at',
  'ended_at',
];
const SELECT = `SELECT ${COLUMNS.join(', ')} FROM inbox_offers`;

/** Invitations with a deadline. Whoever writes holds the conversation's lock. */
@Injectable()
export class OffersRepository {
  async save(tx: Tx, created: readonly StoredOffer[], ended: readonly StoredOffer[]): Promise<void> {
    if (created.length > 0) await tx.insertMany('inbox_offers', COLUMNS, created.map(rowOf));
    if (ended.length > 0) await tx.upsertMany('inbox_offers', COLUMNS, ended.map(rowOf), ['id'], ['state', 'ended_at']);
  }

  async byId(q: Queryable, id: string): Promise<StoredOffer | null> {
    const rows = await q.query(`${SELECT} WHERE id = ?`, [id]);
    return rows[0] === undefined ? null : offerOfRow(rows[0]);
  }

  /** The open offers of conversations: at most one each. */
  async openOf(q: Queryable, conversationIds: readonly string[]): Promise<StoredOffer[]> {
    if (conversationIds.length === 0) return [];
    return (
      await q.query(
        `${SELECT} WHERE conversation_id IN (${marks(conversationIds)}) AND state = 'open'`,
        conversationIds,
      )
    ).map(offerOfRow);
  }

  /** Open offers whose time is over. */
  async lapsed(q: Queryable, now: Date, limit: number): Promise<StoredOffer[]> {
    const sql = `${SELECT} WHERE state = 'open' AND expires_at <= ? ORDER BY expires_at LIMIT ?`;
    return (await q.query(sql, [toDbTime(now), limit])).map(offerOfRow);
  }

  /** When the next open offer lapses; null when none is open. */
  async nextLapse(q: Queryable): Promise<Date | null> {
    const due = textOrNull(
      (await q.query("SELECT MIN(expires_at) AS due FROM inbox_offers WHERE state = 'open'"))[0]?.due,
    );
    return due === null ? null : new Date(fromDbTime(due));
  }
}

/** The offer as others see it. */
export function presentOffer(stored: StoredOffer): Offer {
  const { assignmentVersion: _version, ...offer } = stored;
  return offer;
}

function offerOfRow(row: Row): StoredOffer {
  return {
    id: String(row.id),
    conversationId: String(row.conversation_id),
    agentId: String(row.agent_id),
    assignmentVersion: Number(row.assignment_version),
    state: row.state as Offer['state'],
    expiresAt: fromDbTime(String(row.expires_at)),
    createdAt: fromDbTime(String(row.created_at)),
    endedAt: fromDbTimeOrNull(textOrNull(row.ended_at)),
  };
}

function rowOf(offer: StoredOffer): SqlValue[] {
  return [
    offer.id,
    offer.conversationId,
    offer.agentId,
    offer.assignmentVersion,
    offer.state,
    toDbTime(offer.expiresAt),
    toDbTime(offer.createdAt),
    offer.endedAt === null ? null : toDbTime(offer.endedAt),
  ];
}
