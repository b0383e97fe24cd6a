import { DatabaseSync, type DatabaseSyncInstance, type StatementSyncInstance } from '@photostructure/sqlite';
import type { Row, SqlValue } from '../database';

/** SQLite's extended result codes under the names that better-sqlite3 gives them. */
const CODE_NAMES: Readonly<Record<number, string>> = {
  787: 'SQLITE_CONSTRAINT_FOREIGNKEY',
  1299: 'SQLITE_CONSTRAINT_NOTNULL',
  1555: 'SQLITE_CONSTRAINT_PRIMARYKEY',
  2067: 'SQLITE_CONSTRAINT_UNIQUE',
  275: 'SQLITE_CONSTRAINT_CHECK',
  5: 'SQLITE_BUSY',
  13: 'SQLITE_FULL',
};

const STATEMENTS_KEPT = 500;

interface Options {
  readonly readonly?: boolean;
  readonly timeout?: number;
}

interface RunResult {
  readonly changes: number;
  readonly lastInsertRowid: number | bigint;
}

/** What TypeORM's `better-sqlite3` driver asks of a statement. */
interface DriverStatement {
  readonly reader: boolean;
  all(...params: SqlValue[]): Row[];
  run(...params: SqlValue[]): RunResult;
}

/**
 * One connection by `@photostructure/sqlite`, in the shape in which TypeORM's `better-sqlite3` driver takes its `driver`. Our own hot
 * paths use `all` and `run`, which keep prepared statements and pass by TypeORM's layers.
 */
export class SqliteConnection {
  private readonly native: DatabaseSyncInstance;
  private readonly statements = new Map<string, StatementSyncInstance>();

  constructor(path: string, options: Options = {}) {
    this.native = translated(
      () =>
        new DatabaseSync(path, {
          readOnly: options.readonly ?? false,
          enableForeignKeyConstraints: false,
          timeout: options.timeout ?? 0,
        }),
    );
  }

  get inTransaction(): boolean {
    return this.native.isOpen && this.native.isTransaction;
  }

  /** Rows of a SELECT (or of anything with RETURNING). */
  all<R = Row>(sql: string, params: readonly SqlValue[]): R[] {
    refuseNul(params);
    return translated(() => this.statement(sql).all(...params) as R[]);
  }

  /** Runs a statement that answers no rows. */
  run(sql: string, params: readonly SqlValue[] = []): RunResult {
    refuseNul(params);
    return translated(() => this.statement(sql).run(...params));
  }

  prepare(sql: string): DriverStatement {
    const statement = translated(() => this.native.prepare(sql));
    return {
      reader: statement.columns().length > 0,
      all: (...params) => translated(() => statement.all(...params) as Row[]),
      run: (...params) => translated(() => statement.run(...params)),
    };
  }

  exec(sql: string): void {
    translated(() => this.native.exec(sql));
  }

  /** As better-sqlite3 answers it. The driver's own way to do it would wrap every statement that is prepared afterwards. */
  pragma(source: string): unknown {
    return translated(() => this.native.prepare(`PRAGMA ${source}`).all() as unknown);
  }

  close(): void {
    this.statements.clear();
    if (this.native.isOpen) this.native.close();
  }

  /** Preparing costs several times what running does; the least recently used statement goes when there are too many. */
  private statement(sql: string): StatementSyncInstance {
    const kept = this.statements.get(sql);
    if (kept !== undefined) {
      if (this.statements.size > STATEMENTS_KEPT / 2) {
        this.statements.delete(sql);
        this.statements.set(sql, kept);
      }
      return kept;
    }
    const fresh = this.native.prepare(sql);
    this.statements.set(sql, fresh);
    if (this.statements.size > STATEMENTS_KEPT) {
      for (const oldest of this.statements.keys()) {
        this.statements.delete(oldest);
        break;
      }
    }
    return fresh;
  }
}

/** The driver binds text up to its first NUL and drops the rest without a word: such text is refused instead. */
function refuseNul(params: readonly SqlValue[]): void {
  for (const value of params) {
    if (typeof value === 'string' && value.includes('\0'))
      throw new TypeError('text with a NUL character cannot be stored');
  }
}

/** Puts the extended error code back as a name in `code`, where TypeORM and `isDuplicateKey` look for it. */
function translated<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    // Not `instanceof Error`: what native code throws belongs to the main realm, tests run in others.
    if (typeof error === 'object' && error !== null && 'errcode' in error && typeof error.errcode === 'number') {
      Object.assign(error, {
        code: CODE_NAMES[error.errcode] ?? CODE_NAMES[error.errcode & 0xff] ?? `SQLITE_${error.errcode}`,
      });
    }
    throw error;
  }
}
