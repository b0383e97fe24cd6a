import { nthOf, type BenchConversation } from './messages';
import { addCounts, NOTHING_WRONG, recount, type Counts } from './recount';

/** A database that can be asked; `?` for each value. */
export interface Asked {
  query<R>(sql: string, values?: readonly string[]): Promise<R[]>;
}

const marks = (values: readonly unknown[]): string => values.map(() => '?').join(', ');

/** The messages as the database has them, by `seq`, without holes; and each conversation assigned once, in one session. */
export async function recountStored(
  database: Asked,
  conversations: readonly BenchConversation[],
  sent: ReadonlyMap<string, number>,
): Promise<Counts> {
  const ids = conversations.map(({ id }) => id);
  const rows = await database.query<{ conversation_id: string; seq: number; client_id: string }>(
    `SELECT conversation_id, seq, client_id FROM inbox_messages WHERE conversation_id IN (${marks(ids)}) ORDER BY conversation_id, seq`,
    ids,
  );
  const counts = recount(
    sent,
    rows.map((row) => ({ conversation: row.conversation_id, nth: nthOf(row.client_id) })),
  );
  const holes = rows.filter(({ seq, client_id }) => Number(seq) !== nthOf(client_id) + 1).length;
  const segments = await database.query<{ n: number }>(
    `SELECT COUNT(*) AS n FROM inbox_segments WHERE conversation_id IN (${marks(ids)}) GROUP BY conversation_id`,
    ids,
  );
  const doubled = segments.filter(({ n }) => Number(n) > 1).length;
  const lost = Math.max(0, [...sent.values()].filter((count) => count > 0).length - segments.length);
  return addCounts([counts, { ...NOTHING_WRONG, disordered: holes, doubled, lost }]);
}

/** How many of the conversations have an agent. */
export async function assigned(database: Asked, conversations: readonly BenchConversation[]): Promise<number> {
  const ids = conversations.map(({ id }) => id);
  const [row] = await database.query<{ n: number }>(
    `SELECT COUNT(*) AS n FROM inbox_conversations WHERE id IN (${marks(ids)}) AND assignee_id IS NOT NULL`,
    ids,
  );
  return Number(row?.n ?? 0);
}
