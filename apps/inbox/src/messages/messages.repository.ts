import { Injectable } from '@nestjs/common';
import type { Author, Content, Direction, MessageState, SendError } from '@huiliu/contracts';
import {
  fromDbTime,
  fromDbTimeOrNull,
  toDbTime,
  type Queryable,
  type Row,
  type SqlValue,
  type Tx,
} from '@huiliu/storage';
import { marks, textOrNull } from '../conversations/sql';
import { isItsOwnName, searchable, wordsOf, type StoredMessage } from './domain/message';

const COLUMNS = [
  'id',
  'conversation_id',
  'seq',
  'direction',
  'author_type',
  'author_id',
  'author_name',
  'content',
  'text',
  'state',
  'error',
  'attempt',
  'failed_part',
  'remote_id',
  'remote_ids',
  'client_id',
  'dedupe_key',
  'is_public',
  'recalled_at',
  'session_id',
  'created_at',
] as const;

/** What may change in a message once it is stored. */
const MUTABLE = [
  'content',
  'text',
  'state',
  'error',
  'attempt',
  'failed_part',
  'remote_id',
  'remote_ids',
  'recalled_at',
];

/** The columns of a message but its search text, under an alias: `m.id AS m_id` … */
export function messageColumns(alias: string): string {
  return COLUMNS.filter((column) => column !== 'text')
    .map((column) => `${alias}.${column} AS ${alias}_${column}`)
    .join(', ');
}

const ID_LENGTH = 26;

const SELECT = `SELECT ${messageColumns('m')} FROM inbox_messages m`;

/** The messages' rows. Whoever writes holds the conversation's lock. */
@Injectable()
export class MessagesRepository {
  /** Stores new messages; throws a duplicate key when one of them is there already. */
  async insert(tx: Tx, messages: readonly StoredMessage[]): Promise<void> {
    if (messages.length > 0) await tx.insertMany('inbox_messages', COLUMNS, messages.map(rowOf));
  }

  async update(tx: Tx, messages: readonly StoredMessage[]): Promise<void> {
    if (messages.length > 0) await tx.upsertMany('inbox_messages', COLUMNS, messages.map(rowOf), ['id'], MUTABLE);
  }

  async byIds(q: Queryable, ids: readonly string[]): Promise<Map<string, StoredMessage>> {
    if (ids.length === 0) return new Map();
    return byId(await q.query(`${SELECT} WHERE m.id IN (${marks(ids)})`, ids));
  }

  /** Messages that a platform named: `names` are remote ids by their dedupe keys, and so is the answer. */
  async byRemoteNames(q: Queryable, names: ReadonlyMap<string, string>): Promise<Map<string, StoredMessage>> {
    if (names.size === 0) return new Map();
    const keys = [...names.keys()];
    const rows = await q.query(`${SELECT} WHERE m.dedupe_key IN (${marks(keys)})`, keys);
    const byKey = new Map(
      rows.map((row) => messageOfRow(row, 'm')).map((message) => [message.dedupeKey as string, message]),
    );
    const others = [...names].filter(([key, remoteId]) => !byKey.has(key) && remoteId.length === ID_LENGTH);
    const ownNamed = await this.byIds(
      q,
      others.map(([, remoteId]) => remoteId),
    );
    for (const [key, remoteId] of others) {
      const message = ownNamed.get(remoteId);
      if (message !== undefined && isItsOwnName(message)) byKey.set(key, message);
    }
    return byKey;
  }

  /** Which of these are stored, by id or by dedupe key, and where. */
  async placesOf(
    q: Queryable,
    ids: readonly string[],
    keys: readonly string[],
  ): Promise<{ id: string; key: string | null; conversationId: string; seq: number }[]> {
    const where = [
      ids.length > 0 ? `id IN (${marks(ids)})` : null,
      keys.length > 0 ? `dedupe_key IN (${marks(keys)})` : null,
    ].filter((part) => part !== null);
    if (where.length === 0) return [];
    const rows = await q.query(
      `SELECT id, dedupe_key, conversation_id, seq FROM inbox_messages WHERE ${where.join(' OR ')}`,
      [...ids, ...keys],
    );
    return rows.map((row) => ({
      id: String(row.id),
      key: textOrNull(row.dedupe_key),
      conversationId: String(row.conversation_id),
      seq: Number(row.seq),
    }));
  }

  async remove(tx: Tx, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await tx.execute(`DELETE FROM inbox_messages WHERE id IN (${marks(ids)})`, ids);
  }

  /** The newest messages below `before` (all, where undefined), newest first. */
  async newest(
    q: Queryable,
    conversationId: string,
    before: number | undefined,
    limit: number,
  ): Promise<StoredMessage[]> {
    const below = before === undefined ? '' : ' AND m.seq < ?';
    const params: SqlValue[] = before === undefined ? [conversationId, limit] : [conversationId, before, limit];
    const rows = await q.query(`${SELECT} WHERE m.conversation_id = ?${below} ORDER BY m.seq DESC LIMIT ?`, params);
    return rows.map((row) => messageOfRow(row, 'm'));
  }

  /** The customer's latest message below a place; null when there is none. */
  async lastInbound(q: Queryable, conversationId: string, below: number): Promise<StoredMessage | null> {
    const sql = `${SELECT} WHERE m.conversation_id = ? AND m.seq < ? AND m.direction = 'inbound' ORDER BY m.seq DESC LIMIT 1`;
    const [row] = await q.query(sql, [conversationId, below]);
    return row === undefined ? null : messageOfRow(row, 'm');
  }

  /** The customer's first message; null when there is none. */
  async firstInbound(q: Queryable, conversationId: string): Promise<StoredMessage | null> {
    const sql = `${SELECT} WHERE m.conversation_id = ? AND m.direction = 'inbound' ORDER BY m.seq LIMIT 1`;
    const [row] = await q.query(sql, [conversationId]);
    return row === undefined ? null : messageOfRow(row, 'm');
  }

  /** The first messages above `after` that the customer may see, oldest first. */
  async publicAfter(q: Queryable, conversationId: string, after: number, limit: number): Promise<StoredMessage[]> {
    const sql = `${SELECT} WHERE m.conversation_id = ? AND m.seq > ? AND m.is_public = 1 ORDER BY m.seq LIMIT ?`;
    return (await q.query(sql, [conversationId, after, limit])).map((row) => messageOfRow(row, 'm'));
  }

  /** What went out up to a place in each conversation and is not known to have been read. */
  async unreadByCustomer(q: Queryable, upTo: ReadonlyMap<string, number>): Promise<StoredMessage[]> {
    if (upTo.size === 0) return [];
    const each = [...upTo].map(() => '(m.conversation_id = ? AND m.seq <= ?)').join(' OR ');
    const sql = `${SELECT} WHERE (${each}) AND m.direction = 'outbound' AND m.state IN ('sent', 'delivered')`;
    return (await q.query(sql, [...upTo].flat())).map((row) => messageOfRow(row, 'm'));
  }

  async countInboundAfter(q: Queryable, conversationId: string, seq: number): Promise<number> {
    const sql =
      "SELECT COUNT(*) AS n FROM inbox_messages WHERE conversation_id = ? AND seq > ? AND direction = 'inbound'";
    return Number((await q.query(sql, [conversationId, seq]))[0]?.n ?? 0);
  }
}

function byId(rows: readonly Row[]): Map<string, StoredMessage> {
  return new Map(rows.map((row) => messageOfRow(row, 'm')).map((message) => [message.id, message]));
}

/** Reads a message from columns named `<alias>_<column>`. */
export function messageOfRow(row: Row, alias: string): StoredMessage {
  const at = (column: (typeof COLUMNS)[number]): SqlValue | undefined => row[`${alias}_${column}`];
  const error = textOrNull(at('error'));
  return {
    id: String(at('id')),
    conversationId: String(at('conversation_id')),
    seq: Number(at('seq')),
    direction: at('direction') as Direction,
    author: {
      type: at('author_type') as Author['type'],
      id: textOrNull(at('author_id')),
      name: String(at('author_name')),
    },
    content: JSON.parse(String(at('content'))) as Content,
    state: at('state') as MessageState,
    error: error === null ? null : (JSON.parse(error) as SendError),
    attempt: Number(at('attempt')),
    failedPart: textOrNull(at('failed_part')) === null ? null : Number(at('failed_part')),
    remoteId: textOrNull(at('remote_id')),
    remoteIds: JSON.parse(String(at('remote_ids'))) as string[],
    clientId: textOrNull(at('client_id')),
    dedupeKey: textOrNull(at('dedupe_key')),
    isPublic: Number(at('is_public')) === 1,
    recalledAt: fromDbTimeOrNull(textOrNull(at('recalled_at'))),
    sessionId: textOrNull(at('session_id')),
    createdAt: fromDbTime(String(at('created_at'))),
  };
}

function rowOf(message: StoredMessage): SqlValue[] {
  return [
    message.id,
    message.conversationId,
    message.seq,
    message.direction,
    message.author.type,
    message.author.id,
    message.author.name,
    JSON.stringify(message.content),
    searchable(wordsOf(message.content)),
    message.state,
    message.error === null ? null : JSON.stringify(message.error),
    message.attempt,
    message.failedPart,
    message.remoteId,
    JSON.stringify(message.remoteIds),
    message.clientId,
    message.dedupeKey,
    message.isPublic ? 1 : 0,
    message.recalledAt === null ? null : toDbTime(message.recalledAt),
    message.sessionId,
    toDbTime(message.createdAt),
  ];
}
