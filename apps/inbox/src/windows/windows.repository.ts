import { Injectable } from '@nestjs/common';
import { fromDbTime, toDbTime, type Queryable, type Row, type Tx } from '@huiliu/storage';
import { marks } from '../conversations/sql';
import type { ReplyWindow, Spend } from './domain/ledger';

const WINDOW_COLUMNS = ['id', 'conversation_id', 'opened_by', 'opened_at', 'expires_at', 'total', 'spent'];
const SPEND_COLUMNS = ['message_id', 'attempt', 'window_id', 'amount', 'refunded'];

/** The ledger's rows. Whoever writes holds the conversation's lock. */
@Injectable()
export class WindowsRepository {
  /** The windows of conversations, the latest of each rule, run out or not. */
  async ofConversations(q: Queryable, conversationIds: readonly string[]): Promise<Map<string, ReplyWindow[]>> {
    const found = new Map<string, ReplyWindow[]>();
    if (conversationIds.length === 0) return found;
    const rows = await q.query(
      `SELECT ${WINDOW_COLUMNS.join(', ')} FROM inbox_windows WHERE conversation_id IN (${marks(conversationIds)}) ORDER BY id`,
      conversationIds,
    );
    for (const row of rows) {
      const conversationId = String(row.conversation_id);
      found.set(conversationId, [...(found.get(conversationId) ?? []), windowOfRow(row)]);
    }
    return found;
  }

  /** What attempts to send took, by message. */
  async spendsOf(q: Queryable, messageIds: readonly string[]): Promise<Map<string, Spend[]>> {
    const found = new Map<string, Spend[]>();
    if (messageIds.length === 0) return found;
    const rows = await q.query(
      `SELECT ${SPEND_COLUMNS.join(', ')} FROM inbox_window_spends WHERE message_id IN (${marks(messageIds)}) ORDER BY window_id`,
      messageIds,
    );
    for (const row of rows) {
      const entry = spendOfRow(row);
      found.set(entry.messageId, [...(found.get(entry.messageId) ?? []), entry]);
    }
    return found;
  }

  async save(
    tx: Tx,
    removedIds: readonly string[],
    written: readonly (ReplyWindow & { conversationId: string })[],
  ): Promise<void> {
    if (removedIds.length > 0)
      await tx.execute(`DELETE FROM inbox_windows WHERE id IN (${marks(removedIds)})`, removedIds);
    if (written.length === 0) return;
    const rows = written.map((window) => [
      window.id,
      window.conversationId,
      window.openedBy,
      toDbTime(window.openedAt),
      toDbTime(window.expiresAt),
      window.total,
      window.spent,
    ]);
    await tx.upsertMany('inbox_windows', WINDOW_COLUMNS, rows, ['id'], ['expires_at', 'total', 'spent']);
  }

  async saveSpends(tx: Tx, spends: readonly Spend[]): Promise<void> {
    if (spends.length === 0) return;
    const rows = spends.map((entry) => [
      entry.messageId,
      entry.attempt,
      entry.windowId,
      entry.amount,
      entry.refunded ? 1 : 0,
    ]);
    await tx.upsertMany(
      'inbox_window_spends',
      SPEND_COLUMNS,
      rows,
      ['message_id', 'attempt', 'window_id'],
      ['amount', 'refunded'],
    );
  }
}

function windowOfRow(row: Row): ReplyWindow {
  return {
    id: String(row.id),
    openedBy: String(row.opened_by),
    openedAt: fromDbTime(String(row.opened_at)),
    expiresAt: fromDbTime(String(row.expires_at)),
    total: row.total === null || row.total === undefined ? null : Number(row.total),
    spent: Number(row.spent),
  };
}

function spendOfRow(row: Row): Spend {
  return {
    messageId: String(row.message_id),
    attempt: Number(row.attempt),
    windowId: String(row.window_id),
    amount: Number(row.amount),
    refunded: Number(row.refunded) === 1,
  };
}
