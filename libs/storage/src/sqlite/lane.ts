import type { Tx } from '../database';
import { CommitLost, DatabaseClosed, isBusy, TransactionTooLong } from '../errors';
import type { SqliteConnection } from './connection';
import { SqliteTx } from './tx';

/** So many works, or so much time, at most in one physical transaction: who came first waits for its commit. */
const MOST_WORKS = 256;
const MOST_MS = 100;
/** So long at most between two turns of the event loop while works follow each other: the driver is synchronous, and others want it, too. */
const TURN_MS = 15;
/** Another process may hold the file for a moment (a backup, a migration). */
const BUSY_FOR_MS = 10_000;
const BUSY_PAUSE_MS = 20;
const TOO_LONG_S = 30;

type Work = (tx: Tx) => Promise<unknown>;

interface Job {
  readonly work: Work;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** What happens to the caller once the shared commit is durable. */
  settle: () => void;
}

/**
 * The one writer of a SQLite file. Works run one after the other, each in a savepoint; those that wait together share one commit
 * (and its fsync). A caller hears of success or failure only after that commit: a failure may rest on what an earlier work of the
 * same commit wrote (a duplicate key), which must then be there to be read.
 */
export class WriteLane {
  private waiting: Job[] = [];
  private running: Promise<void> | null = null;
  private closed = false;

  /** `committed` is called after each commit, outside of any transaction. */
  constructor(
    private readonly connection: SqliteConnection,
    private readonly committed: () => void = () => undefined,
  ) {}

  submit<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.closed) return Promise.reject(new DatabaseClosed());
    return new Promise<T>((resolve, reject) => {
      this.waiting.push({ work, resolve: resolve as (value: unknown) => void, reject, settle: () => undefined });
      this.running ??= this.drain();
    });
  }

  /** Takes no new work; resolves when what was taken is done. */
  async close(): Promise<void> {
    this.closed = true;
    while (this.running !== null) await this.running;
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0) {
      // What this turn of the event loop still brings in shares the commit.
      await new Promise<void>((next) => setImmediate(next));
      await this.commitTogether();
    }
    this.running = null;
  }

  private async commitTogether(): Promise<void> {
    const together: Job[] = [];
    const until = performance.now() + MOST_MS;
    let next = 0;
    try {
      await this.begin();
      let turnEnds = performance.now() + TURN_MS;
      while (next < this.waiting.length && next < MOST_WORKS && (next === 0 || performance.now() < until)) {
        if (performance.now() > turnEnds) {
          await new Promise<void>((turn) => setImmediate(turn));
          turnEnds = performance.now() + TURN_MS;
        }
        const job = this.waiting[next++]!;
        together.push(job);
        await this.runOne(job, next === 1);
      }
      if (this.connection.inTransaction) this.connection.run('COMMIT');
    } catch (error) {
      this.rollback();
      // Where not even BEGIN succeeded, everyone who waits hears of it.
      const lost = next === 0 ? this.waiting.splice(0) : this.waiting.splice(0, next);
      for (const job of lost) job.reject(new CommitLost(error));
      return;
    }
    this.waiting.splice(0, next);
    for (const job of together) job.settle();
    this.committed();
  }

  /** Runs one work and remembers its outcome. Throws where the whole transaction is lost with it. */
  private async runOne(job: Job, first: boolean): Promise<void> {
    const { connection } = this;
    // Nothing precedes the first work: a rollback of the whole undoes it alone.
    if (!connection.inTransaction) await this.begin();
    else if (!first) connection.run('SAVEPOINT work');
    const nested = !first;
    const tx = new SqliteTx(connection);
    try {
      const value = await inTime(job.work, tx);
      tx.end();
      if (!connection.inTransaction) throw new Error('the database ended the transaction');
      if (nested) connection.run('RELEASE work');
      job.settle = () => {
        tx.runCallbacks();
        job.resolve(value);
      };
    } catch (error) {
      tx.end();
      if (!connection.inTransaction) throw error;
      if (nested) {
        connection.run('ROLLBACK TO work');
        connection.run('RELEASE work');
      } else {
        connection.run('ROLLBACK');
        await this.begin();
      }
      job.settle = () => job.reject(error);
    }
  }

  /** BEGIN IMMEDIATE takes the write lock at once; waiting for another process's must not block our event loop. */
  private async begin(): Promise<void> {
    const until = performance.now() + BUSY_FOR_MS;
    for (;;) {
      try {
        this.connection.run('BEGIN IMMEDIATE');
        return;
      } catch (error) {
        if (!isBusy(error) || performance.now() > until) throw error;
        await new Promise<void>((next) => setTimeout(next, BUSY_PAUSE_MS));
      }
    }
  }

  private rollback(): void {
    try {
      if (this.connection.inTransaction) this.connection.run('ROLLBACK');
    } catch {
      // The error that led here is the one to tell; SQLite rolls back what was open when the file is opened next.
    }
  }
}

/** Waits for a work, but not for ever: everyone behind it waits, too. */
function inTime(work: Work, tx: Tx): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new TransactionTooLong(TOO_LONG_S)), TOO_LONG_S * 1000);
    const settle =
      <A>(how: (answer: A) => void) =>
      (answer: A): void => {
        clearTimeout(timer);
        how(answer);
      };
    // A work that throws before its first await is a failed work, not a failed lane.
    Promise.resolve()
      .then(() => work(tx))
      .then(settle(resolve), settle(reject));
  });
}
