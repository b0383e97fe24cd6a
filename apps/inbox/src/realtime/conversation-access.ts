import { Injectable } from '@nestjs/common';
import type { ConversationAccess, InboxEvent } from '@huiliu/contracts';
import { Database, type Row } from '@huiliu/storage';

interface Known {
  readonly access: ConversationAccess;
  /** Of a conversation that is not resolved: it is kept whatever its age. */
  readonly live: boolean;
  /** The last record of the feed that spoke of it. */
  index: number;
}

/**
 * Who may see which conversation now, kept from facts: every conversation that is not resolved, and every one that the feed's ring
 * speaks of. Loaded before the facts are read, so that what it does not know of a fact it was told by the database.
 */
@Injectable()
export class ConversationAccessMap {
  private readonly known = new Map<string, Known>();

  constructor(private readonly db: Database) {}

  async load(): Promise<void> {
    const rows = await this.db.query<Row>(
      `SELECT id, assignee_id, team_id, account_id FROM inbox_conversations WHERE status <> 'resolved'`,
    );
    for (const row of rows) this.known.set(String(row.id), { access: accessOfRow(row), live: true, index: 0 });
  }

  apply(event: InboxEvent, index: number): void {
    if (event.type === 'conversation.updated') {
      const { conversation, access } = event.data;
      this.known.set(conversation.id, { access, live: conversation.status !== 'resolved', index });
    } else if (event.type === 'message.created' || event.type === 'message.updated') {
      const { message, access } = event.data;
      const before = this.known.get(message.conversationId);
      this.known.set(message.conversationId, { access, live: before?.live ?? true, index });
    }
  }

  get(conversationId: string): ConversationAccess | undefined {
    return this.known.get(conversationId)?.access;
  }

  /** The same, asked of the database where this process does not know the conversation. */
  async find(conversationId: string): Promise<ConversationAccess | undefined> {
    const known = this.get(conversationId);
    if (known) return known;
    const [row] = await this.db.query<Row>(
      'SELECT assignee_id, team_id, account_id FROM inbox_conversations WHERE id = ?',
      [conversationId],
    );
    return row === undefined ? undefined : accessOfRow(row);
  }

  /** Forgets resolved conversations of which no record from `firstIndex` on speaks. */
  prune(firstIndex: number): void {
    for (const [id, known] of this.known) if (!known.live && known.index < firstIndex) this.known.delete(id);
  }
}

function accessOfRow(row: Row): ConversationAccess {
  return {
    assigneeId: row.assignee_id as string | null,
    teamId: row.team_id as string | null,
    accountId: String(row.account_id),
  };
}
