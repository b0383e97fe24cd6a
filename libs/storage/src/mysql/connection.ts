import type { Pool, PoolConnection, QueryError } from 'mysql2';
import type { SqlValue } from '../database';
import { filled } from './literal';

/** A server that does not answer at all must not hold a request for ever; longer than a statement may wait for a lock (10 s). */
const ANSWER_WITHIN_MS = 15_000;
/** A connection that was idle for so long may have been forgotten on the way, and nobody told us: it is asked before it is used. */
const IDLE_MS = 1_000;
const PROVE_WITHIN_MS = 2_000;

/** When a connection was last given back. */
const idleSince = new WeakMap<PoolConnection, number>();

export interface Changed {
  readonly affectedRows: number;
  readonly insertId: number;
}

/**
 * One statement by the text protocol: prepared statements with varying numbers of rows would pile up on the server.
 * Answers rows, or what was changed.
 */
export function ask(
  connection: PoolConnection,
  sql: string,
  params: readonly SqlValue[] = [],
  withinMs = ANSWER_WITHIN_MS,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    connection.query(
      { sql: params.length === 0 ? sql : filled(sql, params), timeout: withinMs },
      (error: QueryError | null, answer: unknown) => {
        if (error === null) resolve(answer);
        else reject(error);
      },
    );
  });
}

/** Statements in one request, each only when those before it succeeded. Answers what each answers. */
export async function askTogether(connection: PoolConnection, statements: readonly string[]): Promise<unknown[]> {
  const answer = await ask(connection, statements.join(';\n'));
  return statements.length === 1 ? [answer] : (answer as unknown[]);
}

/** A connection that answers. Give it back with `giveBack`, or destroy it when it is not known to be well. */
export async function take(pool: Pool): Promise<PoolConnection> {
  for (;;) {
    const connection = await checkOut(pool);
    const since = idleSince.get(connection);
    if (since === undefined || performance.now() - since < IDLE_MS) return connection;
    try {
      await ask(connection, 'DO 0', [], PROVE_WITHIN_MS);
      return connection;
    } catch {
      connection.destroy();
    }
  }
}

export function giveBack(connection: PoolConnection): void {
  idleSince.set(connection, performance.now());
  connection.release();
}

/** Whether the connection waits for an answer that it did not get in time: what is asked next would wait behind it. */
export const isSilent = (error: unknown): boolean =>
  (error as { code?: unknown } | null)?.code === 'PROTOCOL_SEQUENCE_TIMEOUT';

function checkOut(pool: Pool): Promise<PoolConnection> {
  return new Promise((resolve, reject) => {
    pool.getConnection((error, connection) => {
      if (error === null) resolve(connection);
      else reject(error);
    });
  });
}
