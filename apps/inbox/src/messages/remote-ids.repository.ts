import { Injectable } from '@nestjs/common';
import { dedupeKey } from '@huiliu/platform';
import type { Queryable, Tx } from '@huiliu/storage';
import { marks } from '../conversations/sql';

/** A message of ours that a platform knows under an id. */
export interface RemoteOwner {
  readonly messageId: string;
  readonly conversationId: string;
}

/** The dedupe key of what a platform calls a message, whoever wrote it. */
export function messageKeyOf(accountId: string, remoteId: string): string {
  return dedupeKey(accountId, remoteId, 'message');
}

/** Under which ids platforms know what we sent, by dedupe key of account and remote id. */
@Injectable()
export class RemoteIdsRepository {
  async owners(q: Queryable, keys: readonly string[]): Promise<Map<string, RemoteOwner>> {
    if (keys.length === 0) return new Map();
    const rows = await q.query(
      `SELECT remote_key, message_id, conversation_id FROM inbox_remote_ids WHERE remote_key IN (${marks(keys)})`,
      keys,
    );
    return new Map(
      rows.map((row) => [
        String(row.remote_key),
        { messageId: String(row.message_id), conversationId: String(row.conversation_id) },
      ]),
    );
  }

  async save(tx: Tx, owners: ReadonlyMap<string, RemoteOwner>): Promise<void> {
    if (owners.size === 0) return;
    const rows = [...owners].map(([key, { messageId, conversationId }]) => [key, messageId, conversationId]);
    await tx.upsertMany(
      'inbox_remote_ids',
      ['remote_key', 'message_id', 'conversation_id'],
      rows,
      ['remote_key'],
      ['message_id', 'conversation_id'],
    );
  }
}
