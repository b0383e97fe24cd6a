import type { Pool, PoolConnection, QueryError } from 'mysql2';
import type { SqlValue } from '../database';

/** A server that does not answer at all must not hold a request for ever. */
const ANSWER_WITHIN_MS = 60_000;

export interface Changed {
  readonly affectedRows: number;
  readonly insertId: number;
}

/** Buffers are what the driver knows how to write; other byte arrays it would take for objects. */
function bindable(params: readonly SqlValue[]): SqlValue[] {
  return params.map((value) => (value instanceof Uint8Array && !Buffer.isBuffer(value) ? Buffer.from(value) : value));
}

/**
 * One statement by the text protocol: prepared statements with varying numbers of rows would pile up on the server.
 * Answers rows, or what was changed.
 */
export function ask(on: Pool | PoolConnection, sql: string, params: readonly SqlValue[] = []): Promise<unknown> {
  return new Promise((resolve, reject) => {
    on.query(
      { sql, values: params.length === 0 ? undefined : bindable(params), timeout: ANSWER_WITHIN_MS },
      (error: QueryError | null, answer: unknown) => {
        if (error === null) resolve(answer);
        else reject(error);
      },
    );
  });
}

export function take(pool: Pool): Promise<PoolConnection> {
  return new Promise((resolve, reject) => {
    pool.getConnection((error, connection) => {
      if (error === null) resolve(connection);
      else reject(error);
    });
  });
}
