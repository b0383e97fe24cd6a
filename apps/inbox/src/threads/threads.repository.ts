import { Injectable } from '@nestjs/common';
import { toDbTime, type Queryable, type Row, type Tx } from '@huiliu/storage';
import { marks } from '../conversations/sql';

/** A hostile mail names hundreds of others; databases take only so many values at once. */
const KEYS_AT_ONCE = 1000;

/** What holds the mails of a thread together. */
@Injectable()
export class ThreadsRepository {
  /** Which of these conversations exist, with their account. */
  async accountsOf(q: Queryable, conversationIds: readonly string[]): Promise<Map<string, string>> {
    const rows = await inParts(conversationIds, (part) =>
      q.query(`SELECT id, account_id FROM inbox_conversations WHERE id IN (${marks(part)})`, part),
    );
    return new Map(rows.map((row) => [String(row.id), String(row.account_id)]));
  }

  /** Conversations by the keys of their remote conversations. */
  async conversationsByRemoteKey(q: Queryable, keys: readonly string[]): Promise<Map<string, string>> {
    const rows = await inParts(keys, (part) =>
      q.query(`SELECT remote_key, id FROM inbox_conversations WHERE remote_key IN (${marks(part)})`, part),
    );
    return new Map(rows.map((row) => [String(row.remote_key), String(row.id)]));
  }

  /** The conversations of messages that are stored under these keys or that we sent under them. */
  async conversationsByMessageKey(q: Queryable, keys: readonly string[]): Promise<Map<string, string>> {
    const sent = await inParts(keys, (part) =>
      q.query(
        `SELECT remote_key AS k, conversation_id FROM inbox_remote_ids WHERE remote_key IN (${marks(part)})`,
        part,
      ),
    );
    const stored = await inParts(keys, (part) =>
      q.query(`SELECT dedupe_key AS k, conversation_id FROM inbox_messages WHERE dedupe_key IN (${marks(part)})`, part),
    );
    return new Map([...sent, ...stored].map((row) => [String(row.k), String(row.conversation_id)]));
  }

  async links(q: Queryable, keys: readonly string[]): Promise<Map<string, string>> {
    const rows = await inParts(keys, (part) =>
      q.query(`SELECT link_key, conversation_id FROM inbox_thread_links WHERE link_key IN (${marks(part)})`, part),
    );
    return new Map(rows.map((row) => [String(row.link_key), String(row.conversation_id)]));
  }

  /** Remembers links; one that is there already, or that another process is just making, stays as it is. */
  async link(tx: Tx, links: ReadonlyMap<string, string>, now: Date): Promise<void> {
    const at = toDbTime(now);
    const rows = [...links].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, id]) => [key, id, at]);
    const columns = ['link_key', 'conversation_id', 'created_at'];
    if (rows.length > 0) await tx.upsertMany('inbox_thread_links', columns, rows, ['link_key'], []);
  }

  async unlink(tx: Tx, keys: readonly string[]): Promise<void> {
    await inParts(keys, async (part) => {
      await tx.execute(`DELETE FROM inbox_thread_links WHERE link_key IN (${marks(part)})`, part);
      return [];
    });
  }

  /** Keeps the chain that messages name, the oldest first, by message id. */
  async saveReferences(tx: Tx, chains: ReadonlyMap<string, readonly string[]>): Promise<void> {
    const rows = [...chains].map(([id, refs]) => [id, JSON.stringify(refs)]);
    if (rows.length > 0) await tx.insertMany('inbox_message_references', ['message_id', 'refs'], rows);
  }

  /**
   * The newest messages of a thread below a place, the oldest first: the remote ids of each, those that it named before its own. At most
   * `limit` messages.
   */
  async chain(q: Queryable, conversationId: string, below: number, limit: number): Promise<string[][]> {
    const rows = await q.query(
      `SELECT m.direction, m.remote_id, m.remote_ids, r.refs FROM inbox_messages m
       LEFT JOIN inbox_message_references r ON r.message_id = m.id
       WHERE m.conversation_id = ? AND m.seq < ? AND m.direction IN ('inbound', 'outbound') ORDER BY m.seq DESC LIMIT ?`,
      [conversationId, below, limit],
    );
    return rows.reverse().map((row) => {
      const named = row.refs === null ? [] : (JSON.parse(String(row.refs)) as string[]);
      if (row.direction === 'outbound') return [...named, ...(JSON.parse(String(row.remote_ids)) as string[])];
      return row.remote_id === null ? named : [...named, String(row.remote_id)];
    });
  }
}

async function inParts(keys: readonly string[], ask: (part: readonly string[]) => Promise<Row[]>): Promise<Row[]> {
  const each = [...new Set(keys)];
  const rows: Row[] = [];
  for (let at = 0; at < each.length; at += KEYS_AT_ONCE) rows.push(...(await ask(each.slice(at, at + KEYS_AT_ONCE))));
  return rows;
}
