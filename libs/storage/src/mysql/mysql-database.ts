import type { Pool, PoolConnection } from 'mysql2';
import type { DataSource } from 'typeorm';
import { Database, type Row, type SqlValue, type Tx } from '../database';
import { CommitUnknown, DatabaseClosed, isInfrastructureError, isRepeatable } from '../errors';
import { ask, askTogether, giveBack, isSilent, take } from './connection';
import { openMysql, poolOf } from './options';
import { MysqlTx, Unproven } from './tx';

const WRITE_CONNECTIONS = 10;
/** Reads have connections of their own: a work that fills the write pool cannot starve them, nor they it. */
const READ_CONNECTIONS = 10;
const ATTEMPTS = 8;
const PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 500;

/** MySQL 8 or MariaDB: transactions at READ COMMITTED, repeated after a deadlock or a lock wait time-out. */
export class MysqlDatabase extends Database {
  readonly dialect = 'mysql';
  private readonly writing: Pool;
  private readonly reading: Pool;
  /** Transactions that are in hand, and whom to tell when there is none. */
  private inHand = 0;
  private onIdle: (() => void) | null = null;
  /** Connections on which a transaction begins with its first statement: nobody has to ask for it. */
  private readonly transactional = new WeakSet<PoolConnection>();
  private closed = false;

  private constructor(
    private readonly writer: DataSource,
    private readonly reader: DataSource,
    private readonly packetBytes: number,
  ) {
    super();
    this.writing = poolOf(writer);
    this.reading = poolOf(reader);
  }

  static async open(url: string): Promise<MysqlDatabase> {
    const writer = await openMysql(url, false, WRITE_CONNECTIONS);
    try {
      const reader = await openMysql(url, true, READ_CONNECTIONS);
      const [row] = (await read(poolOf(reader), 'SELECT @@max_allowed_packet AS bytes')) as { bytes: number }[];
      return new MysqlDatabase(writer, reader, Math.min(row!.bytes, 8 << 20) - 4096);
    } catch (error) {
      await writer.destroy();
      throw error;
    }
  }

  override async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.closed) throw new DatabaseClosed();
    this.inHand++;
    try {
      return await this.repeated(work);
    } finally {
      if (--this.inHand === 0) this.onIdle?.();
    }
  }

  override async query<R = Row>(sql: string, params: readonly SqlValue[] = []): Promise<R[]> {
    if (this.closed) throw new DatabaseClosed();
    return (await read(this.reading, sql, params)) as R[];
  }

  override async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    if (this.inHand > 0) await new Promise<void>((resolve) => (this.onIdle = resolve));
    await this.reader.destroy();
    await this.writer.destroy();
  }

  private async repeated<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    let oneByOne = false;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(work, oneByOne);
      } catch (error) {
        if (error instanceof Unproven && !oneByOne) {
          oneByOne = true;
          continue;
        }
        if (attempt >= ATTEMPTS || !isRepeatable(error)) throw error;
        // Two that collided must not collide again in step.
        const pause = Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** attempt) * (0.5 + Math.random());
        await new Promise<void>((next) => setTimeout(next, pause));
      }
    }
  }

  private async once<T>(work: (tx: Tx) => Promise<T>, oneByOne: boolean): Promise<T> {
    const connection = await take(this.writing);
    let reusable = false;
    try {
      if (!this.transactional.has(connection)) {
        await ask(connection, 'SET SESSION autocommit = 0');
        this.transactional.add(connection);
      }
      const tx = new MysqlTx(connection, this.packetBytes, oneByOne);
      let value: T;
      try {
        value = await work(tx);
        if (tx.doomedBy !== null) throw tx.doomedBy.error;
      } catch (error) {
        reusable = await rolledBack(connection, tx.doomedBy?.error ?? error);
        // A work may have wrapped the deadlock in an error of its own.
        if (tx.doomedBy !== null) throw tx.doomedBy.error;
        // What was kept might have been refused, and the work have gone another way.
        throw tx.hasUnsent ? new Unproven(error) : error;
      } finally {
        tx.end();
      }
      let answers: unknown[];
      try {
        answers = await commit(connection, tx.withCommit);
      } catch (error) {
        if (error instanceof Unproven) reusable = await rolledBack(connection, error);
        throw error;
      }
      reusable = true;
      tx.committed(answers);
      return value;
    } finally {
      if (reusable) giveBack(connection);
      else connection.destroy();
    }
  }
}

/** One statement outside any transaction. A connection that did not answer is not given back: its answer may still come. */
async function read(pool: Pool, sql: string, params: readonly SqlValue[] = []): Promise<unknown> {
  const connection = await take(pool);
  try {
    const answer = await ask(connection, sql, params);
    giveBack(connection);
    return answer;
  } catch (error) {
    if (isSilent(error)) connection.destroy();
    else giveBack(connection);
    throw error;
  }
}

async function rolledBack(connection: PoolConnection, after: unknown): Promise<boolean> {
  // The server rolls back what a lost connection had begun.
  if (isSilent(after)) return false;
  try {
    await ask(connection, 'ROLLBACK');
    return true;
  } catch {
    return false;
  }
}

/** A commit that the server refused did not happen; one without an answer may have. What goes ahead of it may be refused, too. */
async function commit(connection: PoolConnection, ahead: readonly string[]): Promise<unknown[]> {
  try {
    return await askTogether(connection, [...ahead, 'COMMIT']);
  } catch (error) {
    if (isRepeatable(error)) throw error;
    // A commit itself fails by trouble of the server's alone.
    throw ahead.length > 0 && !isInfrastructureError(error) ? new Unproven(error) : new CommitUnknown(error);
  }
}
