import { Injectable } from '@nestjs/common';
import type { ConversationStatus, Priority } from '@huiliu/contracts';
import { breaks } from '@huiliu/platform';
import {
  fromDbTime,
  fromDbTimeOrNull,
  toDbTime,
  type Queryable,
  type Row,
  type SqlValue,
  type Tx,
} from '@huiliu/storage';
import { messageColumns, messageOfRow } from '../messages/messages.repository';
import type { StoredMessage } from '../messages/domain/message';
import type { Thread, ThreadContact } from './domain/thread';
import { marks, textOrNull } from './sql';

export const THREAD_COLUMNS = [
  'id',
  'channel',
  'account_id',
  'identity_id',
  'contact_id',
  'remote_conversation_id',
  'remote_key',
  'status',
  'assignee_id',
  'team_id',
  'last_agent_id',
  'assignment_version',
  'priority',
  'tags',
  'last_seq',
  'last_message_id',
  'last_message_at',
  'last_inbound_remote_id',
  'read_seq',
  'unread',
  'waiting_since',
  'queued_since',
  'snoozed_until',
  'session_id',
  'session_started_at',
  'session_first_reply_at',
  'created_at',
  'updated_at',
] as const;

const FIXED = new Set<string>([
  'id',
  'channel',
  'account_id',
  'identity_id',
  'contact_id',
  'remote_conversation_id',
  'remote_key',
  'created_at',
]);
/** What may change of a conversation: each column with the field that it holds. */
const MUTABLE = THREAD_COLUMNS.filter((column) => !FIXED.has(column)).map((column) => ({
  column,
  field: column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) as keyof Thread,
}));

/** What a conversation's screen shows beside its row. */
export interface Surroundings {
  readonly contact: ThreadContact;
  readonly lastMessage: StoredMessage | null;
}

/** The conversations' rows. Whoever writes has locked them. */
@Injectable()
export class ConversationsRepository {
  /** Locks conversations until the end of the transaction; those that do not exist are absent. */
  async lock(tx: Tx, ids: readonly string[]): Promise<Map<string, Thread>> {
    if (ids.length === 0) return new Map();
    const sorted = [...new Set(ids)].sort();
    const rows = breaks('conversation-lock')
      ? await tx.query(
          `SELECT ${THREAD_COLUMNS.join(', ')} FROM inbox_conversations WHERE id IN (${marks(sorted)})`,
          sorted,
        )
      : await tx.lock<Row>('inbox_conversations', 'id', sorted, THREAD_COLUMNS);
    return new Map(rows.map(threadOfRow).map((thread) => [thread.id, thread]));
  }

  /** Has `lock` for just these conversations asked with the statement that comes next. */
  lockAhead(tx: Tx, ids: readonly string[]): void {
    if (!breaks('conversation-lock')) tx.lockAhead?.('inbox_conversations', 'id', ids, THREAD_COLUMNS);
  }

  async insert(tx: Tx, threads: readonly Thread[]): Promise<void> {
    if (threads.length > 0) await tx.insertMany('inbox_conversations', THREAD_COLUMNS, threads.map(rowOf));
  }

  /**
   * Writes down what has become of conversations; `before`: as they were read, null where everything may be another. Only columns in which
   * some of them differ are set: SQLite writes the indexes of every column that is set, changed or not.
   */
  async save(
    tx: Tx,
    changes: readonly { readonly before: Readonly<Thread> | null; readonly thread: Thread }[],
  ): Promise<void> {
    if (changes.length === 0) return;
    const differs = ({ field }: (typeof MUTABLE)[number]): boolean =>
      changes.some(({ before, thread }) => before === null || before[field] !== thread[field]);
    const set = MUTABLE.filter(differs).map(({ column }) => column);
    const rows = changes.map(({ thread }) => rowOf(thread));
    await tx.upsertMany('inbox_conversations', THREAD_COLUMNS, rows, ['id'], set);
  }

  /** Contact and last message of conversations. */
  async surroundings(q: Queryable, ids: readonly string[]): Promise<Map<string, Surroundings>> {
    if (ids.length === 0) return new Map();
    const rows = await q.query(
      `SELECT c.id AS c_id, ct.id AS contact_id, ct.name AS contact_name, i.remote_id AS contact_remote_id, ${messageColumns('m')}
       FROM inbox_conversations c JOIN inbox_identities i ON i.id = c.identity_id JOIN inbox_contacts ct ON ct.id = c.contact_id
       LEFT JOIN inbox_messages m ON m.id = c.last_message_id
       WHERE c.id IN (${marks(ids)})`,
      ids,
    );
    return new Map(
      rows.map((row) => [
        String(row.c_id),
        {
          contact: {
            id: String(row.contact_id),
            name: String(row.contact_name),
            remoteId: String(row.contact_remote_id),
          },
          lastMessage: textOrNull(row.m_id) === null ? null : messageOfRow(row, 'm'),
        },
      ]),
    );
  }

  /** Conversations by id, as committed (or as this transaction sees them). */
  async byIds(q: Queryable, ids: readonly string[]): Promise<Map<string, Thread>> {
    if (ids.length === 0) return new Map();
    const rows = await q.query(
      `SELECT ${THREAD_COLUMNS.join(', ')} FROM inbox_conversations WHERE id IN (${marks(ids)})`,
      ids,
    );
    return new Map(rows.map(threadOfRow).map((thread) => [thread.id, thread]));
  }

  /** Ids of snoozed conversations whose time has come. */
  async dueSnoozes(q: Queryable, now: Date, limit: number): Promise<string[]> {
    const sql =
      "SELECT id FROM inbox_conversations WHERE status = 'snoozed' AND snoozed_until <= ? ORDER BY snoozed_until LIMIT ?";
    return (await q.query(sql, [toDbTime(now), limit])).map((row) => String(row.id));
  }

  /** When the next snoozed conversation is due; null when none is. */
  async nextSnooze(q: Queryable): Promise<Date | null> {
    const rows = await q.query("SELECT MIN(snoozed_until) AS due FROM inbox_conversations WHERE status = 'snoozed'");
    const due = textOrNull(rows[0]?.due);
    return due === null ? null : new Date(fromDbTime(due));
  }

  /** How many open conversations each agent has. */
  async loads(q: Queryable, agentIds: readonly string[]): Promise<Map<string, number>> {
    if (agentIds.length === 0) return new Map();
    const sql = `SELECT assignee_id, COUNT(*) AS n FROM inbox_conversations WHERE assignee_id IN (${marks(agentIds)}) AND status = 'open' GROUP BY assignee_id`;
    return new Map((await q.query(sql, agentIds)).map((row) => [String(row.assignee_id), Number(row.n)]));
  }
}

/** Reads a conversation from a row that has all of `THREAD_COLUMNS`. */
export function threadOfRow(row: Row): Thread {
  const time = (column: string): string | null => fromDbTimeOrNull(textOrNull(row[column]));
  return {
    id: String(row.id),
    channel: String(row.channel),
    accountId: String(row.account_id),
    identityId: String(row.identity_id),
    contactId: String(row.contact_id),
    remoteConversationId: String(row.remote_conversation_id),
    remoteKey: String(row.remote_key),
    status: row.status as ConversationStatus,
    assigneeId: textOrNull(row.assignee_id),
    teamId: textOrNull(row.team_id),
    lastAgentId: textOrNull(row.last_agent_id),
    assignmentVersion: Number(row.assignment_version),
    priority: row.priority as Priority,
    tags: JSON.parse(String(row.tags)) as string[],
    lastSeq: Number(row.last_seq),
    lastMessageId: textOrNull(row.last_message_id),
    lastMessageAt: fromDbTime(String(row.last_message_at)),
    lastInboundRemoteId: textOrNull(row.last_inbound_remote_id),
    readSeq: Number(row.read_seq),
    unread: Number(row.unread),
    waitingSince: time('waiting_since'),
    queuedSince: time('queued_since'),
    snoozedUntil: time('snoozed_until'),
    sessionId: textOrNull(row.session_id),
    sessionStartedAt: time('session_started_at'),
    sessionFirstReplyAt: time('session_first_reply_at'),
    createdAt: fromDbTime(String(row.created_at)),
    updatedAt: fromDbTime(String(row.updated_at)),
  };
}

function rowOf(thread: Thread): SqlValue[] {
  const time = (value: string | null): string | null => (value === null ? null : toDbTime(value));
  return [
    thread.id,
    thread.channel,
    thread.accountId,
    thread.identityId,
    thread.contactId,
    thread.remoteConversationId,
    thread.remoteKey,
    thread.status,
    thread.assigneeId,
    thread.teamId,
    thread.lastAgentId,
    thread.assignmentVersion,
    thread.priority,
    JSON.stringify(thread.tags),
    thread.lastSeq,
    thread.lastMessageId,
    toDbTime(thread.lastMessageAt),
    thread.lastInboundRemoteId,
    thread.readSeq,
    thread.unread,
    time(thread.waitingSince),
    time(thread.queuedSince),
    time(thread.snoozedUntil),
    thread.sessionId,
    time(thread.sessionStartedAt),
    time(thread.sessionFirstReplyAt),
    toDbTime(thread.createdAt),
    toDbTime(thread.updatedAt),
  ];
}
