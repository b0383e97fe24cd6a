import { Injectable } from '@nestjs/common';
import type { Decision, DecisionReason } from '@huiliu/contracts';
import { fromDbTime, toDbTime, type Queryable, type Tx } from '@huiliu/storage';
import type { StoredDecision } from '../conversations/domain/thread';
import { textOrNull } from '../conversations/sql';

const COLUMNS = ['id', 'conversation_id', 'type', 'agent_id', 'by_id', 'reason', 'assignment_version', 'created_at'];

/** Decisions as they were made: "why this agent". */
@Injectable()
export class DecisionsRepository {
  async insert(tx: Tx, decisions: readonly StoredDecision[]): Promise<void> {
    if (decisions.length === 0) return;
    const rows = decisions.map((decision) => [
      decision.id,
      decision.conversationId,
      decision.type,
      decision.agentId,
      decision.byId,
      JSON.stringify(decision.reason),
      decision.assignmentVersion,
      toDbTime(decision.createdAt),
    ]);
    await tx.upsertMany('inbox_decisions', COLUMNS, rows, ['id'], []);
  }

  /** A conversation's decisions, latest first. */
  async ofConversation(q: Queryable, conversationId: string, limit: number): Promise<StoredDecision[]> {
    const sql = `SELECT ${COLUMNS.join(', ')} FROM inbox_decisions WHERE conversation_id = ? ORDER BY created_at DESC, id DESC LIMIT ?`;
    return (await q.query(sql, [conversationId, limit])).map((row) => ({
      id: String(row.id),
      conversationId: String(row.conversation_id),
      type: row.type as Decision['type'],
      agentId: textOrNull(row.agent_id),
      byId: textOrNull(row.by_id),
      reason: JSON.parse(String(row.reason)) as DecisionReason,
      assignmentVersion: Number(row.assignment_version),
      createdAt: fromDbTime(String(row.created_at)),
    }));
  }
}
