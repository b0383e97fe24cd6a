import { Injectable } from '@nestjs/common';
import type { Conversation, Decision, ListConversationsQuery, Priority } from '@huiliu/contracts';
import { badRequest } from '@huiliu/platform';
import { Clock, Database, fromDbTime, toDbTime, type SqlValue } from '@huiliu/storage';
import type { Viewer } from '../auth/viewer';
import { DecisionsRepository } from '../decisions/decisions.repository';
import { Directory } from '../directory/directory';
import { searchable } from '../messages/domain/message';
import { MessagesRepository } from '../messages/messages.repository';
import { cursorAfter, placeOf } from './domain/listing';
import { presentConversations } from './present';
import { containing } from './sql';
import { VisibleThreads } from './visible-threads';

/** How many decisions a conversation shows: the latest. */
const MOST_DECISIONS = 200;

/** Reading conversations, and what is changed in them besides their way. */
@Injectable()
export class ConversationsService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly directory: Directory,
    private readonly threads: VisibleThreads,
    private readonly messages: MessagesRepository,
    private readonly decisionRows: DecisionsRepository,
  ) {}

  /** The conversations that someone may see, last message first. */
  async list(
    viewer: Viewer,
    query: ListConversationsQuery,
  ): Promise<{ items: Conversation[]; nextCursor: string | null }> {
    const { sql, params } = this.where(viewer, query);
    const rows = await this.database.query(
      `SELECT c.id AS id, c.last_message_at AS last_message_at FROM inbox_conversations c JOIN inbox_contacts ct ON ct.id = c.contact_id
       WHERE ${sql} ORDER BY c.last_message_at DESC, c.id DESC LIMIT ?`,
      [...params, query.limit + 1],
    );
    const page = rows.slice(0, query.limit);
    const items = await presentConversations(
      this.database,
      page.map((row) => String(row.id)),
      this.directory,
      this.clock.now(),
    );
    const last = page.at(-1);
    const more = rows.length > query.limit && last !== undefined;
    return {
      items,
      nextCursor: more
        ? cursorAfter({ lastMessageAt: toDbTime(fromDbTime(String(last.last_message_at))), id: String(last.id) })
        : null,
    };
  }

  async one(viewer: Viewer, id: string): Promise<Conversation> {
    await this.threads.read(viewer, id);
    const [conversation] = await presentConversations(this.database, [id], this.directory, this.clock.now());
    if (!conversation) throw new Error('a conversation that was there is gone');
    return conversation;
  }

  /** Tags (each once, in the order given) and priority; routing hears of the latter while the conversation waits. */
  update(
    viewer: Viewer,
    id: string,
    update: { tags?: readonly string[] | undefined; priority?: Priority | undefined },
  ): Promise<Conversation> {
    return this.threads.change(viewer, id, (_tx, change) => {
      const { thread } = change;
      const tags = update.tags && [...new Set(update.tags)];
      if (tags && JSON.stringify(tags) !== JSON.stringify(thread.tags)) thread.tags = tags;
      if (update.priority === undefined || update.priority === thread.priority) return;
      thread.priority = update.priority;
      if (thread.status === 'open' && thread.assigneeId === null) {
        change.routing.push({ type: 'work.reprioritised', data: { conversationId: id, priority: update.priority } });
      }
    });
  }

  /** Marks everything up to `seq` as read: what came later stays unread. */
  read(viewer: Viewer, id: string, seq: number): Promise<Conversation> {
    return this.threads.change(viewer, id, async (tx, { thread }) => {
      const upTo = Math.min(seq, thread.lastSeq);
      if (upTo <= thread.readSeq) return;
      thread.readSeq = upTo;
      thread.unread = upTo === thread.lastSeq ? 0 : await this.messages.countInboundAfter(tx, id, upTo);
    });
  }

  /** Why it came to whom, latest first. */
  async decisions(viewer: Viewer, id: string): Promise<{ items: Decision[]; nextCursor: null }> {
    await this.threads.read(viewer, id);
    const stored = await this.decisionRows.ofConversation(this.database, id, MOST_DECISIONS);
    const named = (agentId: string | null): { id: string; name: string } | null =>
      agentId === null ? null : { id: agentId, name: this.directory.agent(agentId)?.name ?? '' };
    const items = stored.map(({ agentId, byId, ...decision }) => ({
      ...decision,
      agent: named(agentId),
      by: named(byId),
    }));
    return { items, nextCursor: null };
  }

  private where(viewer: Viewer, query: ListConversationsQuery): { sql: string; params: SqlValue[] } {
    const visible = this.directory.visibleWhere(viewer);
    const parts = [visible.sql];
    const params = [...visible.params];
    const add = (sql: string, ...values: SqlValue[]): void => {
      parts.push(sql);
      params.push(...values);
    };
    if (query.status !== undefined) add('c.status = ?', query.status);
    if (query.assignee === 'none') add('c.assignee_id IS NULL');
    else if (query.assignee !== undefined)
      add('c.assignee_id = ?', query.assignee === 'me' ? viewer.id : query.assignee);
    if (query.teamId !== undefined) add('c.team_id = ?', query.teamId);
    if (query.channel !== undefined) add('c.channel = ?', query.channel);
    if (query.accountId !== undefined) add('c.account_id = ?', query.accountId);
    if (query.contactId !== undefined) add('c.contact_id = ?', query.contactId);
    if (query.tag !== undefined) add("c.tags LIKE ? ESCAPE '!'", containing(JSON.stringify(query.tag)));
    const wanted = searchable(query.q ?? '').trim();
    if (wanted !== '') {
      const inText =
        "EXISTS (SELECT 1 FROM inbox_messages m WHERE m.conversation_id = c.id AND m.text LIKE ? ESCAPE '!')";
      add(`(LOWER(ct.name) LIKE ? ESCAPE '!' OR ${inText})`, containing(wanted), containing(wanted));
    }
    if (query.cursor !== undefined) {
      const place = placeOf(query.cursor);
      if (place === null)
        throw badRequest('invalid', 'this cursor is none of ours', [{ path: 'cursor', message: 'not a cursor' }]);
      add(
        '(c.last_message_at < ? OR (c.last_message_at = ? AND c.id < ?))',
        place.lastMessageAt,
        place.lastMessageAt,
        place.id,
      );
    }
    return { sql: parts.join(' AND '), params };
  }
}
