import { Injectable } from '@nestjs/common';
import { toDbTime, type SqlValue, type Tx } from '@huiliu/storage';
import type { SegmentPatch, SessionPatch, ThreadChange } from '../conversations/domain/thread';
import { marks } from '../conversations/sql';

const SESSION_COLUMNS = [
  'id',
  'conversation_id',
  'account_id',
  'started_at',
  'first_reply_at',
  'first_reply_agent_id',
  'ended_at',
  'end_reason',
  'category',
  'ended_by',
];
const SEGMENT_COLUMNS = [
  'id',
  'session_id',
  'conversation_id',
  'agent_id',
  'started_at',
  'ended_at',
  'end_reason',
  'first_reply_at',
  'over_capacity',
  'assigned_by',
];

const time = (value: string | null): string | null => (value === null ? null : toDbTime(value));

/** Sessions and their segments: what every measure counts. */
@Injectable()
export class SessionsRepository {
  /** Writes what changes of conversations say of sessions and segments; changes alike share one statement. */
  async save(tx: Tx, changes: readonly ThreadChange[]): Promise<void> {
    await this.patchSessions(tx, changes);
    await this.patchSegments(tx, changes);
    const sessions = changes.flatMap(({ thread, newSessions }) =>
      newSessions.map((session): SqlValue[] => [
        session.id,
        thread.id,
        thread.accountId,
        toDbTime(session.startedAt),
        time(session.firstReplyAt),
        session.firstReplyAgentId,
        time(session.endedAt),
        session.endReason,
        session.category,
        session.endedBy,
      ]),
    );
    if (sessions.length > 0) await tx.insertMany('inbox_sessions', SESSION_COLUMNS, sessions);
    const segments = changes.flatMap(({ thread, newSegments }) =>
      newSegments.map((segment): SqlValue[] => [
        segment.id,
        segment.sessionId,
        thread.id,
        segment.agentId,
        toDbTime(segment.startedAt),
        time(segment.endedAt),
        segment.endReason,
        time(segment.firstReplyAt),
        segment.overCapacity ? 1 : 0,
        segment.assignedBy,
      ]),
    );
    if (segments.length > 0) await tx.insertMany('inbox_segments', SEGMENT_COLUMNS, segments);
  }

  private async patchSessions(tx: Tx, changes: readonly ThreadChange[]): Promise<void> {
    const patches = changes.flatMap((change) => [...change.sessionPatches].map(([id, patch]) => ({ id, patch })));
    for (const { patch, ids } of alike(patches)) {
      const { sql, params } = assignments({
        first_reply_at: patch.firstReplyAt,
        first_reply_agent_id: patch.firstReplyAgentId,
        ended_at: patch.endedAt,
        end_reason: patch.endReason,
        category: patch.category,
        ended_by: patch.endedBy,
      });
      await tx.execute(`UPDATE inbox_sessions SET ${sql} WHERE id IN (${marks(ids)})`, [...params, ...ids]);
    }
  }

  /** A running segment keeps its first reply; only the one that has not ended is meant. */
  private async patchSegments(tx: Tx, changes: readonly ThreadChange[]): Promise<void> {
    const patches = changes.flatMap(({ thread, segmentPatch }) =>
      segmentPatch === null ? [] : [{ id: thread.id, patch: segmentPatch }],
    );
    for (const { patch, ids } of alike<SegmentPatch>(patches)) {
      const { sql, params } = assignments({ ended_at: patch.endedAt, end_reason: patch.endReason });
      const stamp = patch.firstReplyAt ? 'first_reply_at = COALESCE(first_reply_at, ?)' : '';
      const sets = [sql, stamp].filter((part) => part !== '').join(', ');
      const values: SqlValue[] = patch.firstReplyAt ? [...params, toDbTime(patch.firstReplyAt)] : params;
      await tx.execute(
        `UPDATE inbox_segments SET ${sets} WHERE conversation_id IN (${marks(ids)}) AND ended_at IS NULL`,
        [...values, ...ids],
      );
    }
  }
}

/** Patches that say the same, with the ids they are for. */
function alike<P extends SessionPatch | SegmentPatch>(
  patches: readonly { id: string; patch: P }[],
): { patch: P; ids: string[] }[] {
  const groups = new Map<string, { patch: P; ids: string[] }>();
  for (const { id, patch } of patches) {
    const key = JSON.stringify(patch);
    const group = groups.get(key);
    if (group) group.ids.push(id);
    else groups.set(key, { patch, ids: [id] });
  }
  return [...groups.values()];
}

/** `a = ?, b = ?` for the columns that are given; names ending in `_at` are times. */
function assignments(columns: Readonly<Record<string, string | null | undefined>>): {
  sql: string;
  params: SqlValue[];
} {
  const given = Object.entries(columns).filter((entry): entry is [string, string | null] => entry[1] !== undefined);
  return {
    sql: given.map(([name]) => `${name} = ?`).join(', '),
    params: given.map(([name, value]) => (name.endsWith('_at') ? time(value) : value)),
  };
}
