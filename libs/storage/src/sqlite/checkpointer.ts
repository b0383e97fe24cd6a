import { Worker } from 'node:worker_threads';
import type { SqliteConnection } from './connection';

/** So many pages of the log wait before they are copied into the file (40 MB): one that a hundred commits wrote is then copied once. */
const PAGES = 10_000;
/** What was written while the thread copied is left to it, too, until it is no more than this, or the thread has tried so often. */
const FEW = 1 / 20;
const TURNS = 3;
/** After a failure (a full disk) it is not tried again at once. */
const AGAIN_MS = 1_000;

/**
 * The thread: a connection of its own to the file, which copies when it is told to. As text, because it is no module of ours: what it needs of the
 * driver is three calls, and no loader of TypeScript is there where it begins.
 */
const THREAD = `
const { parentPort, workerData } = require('node:worker_threads');
const { DatabaseSync } = require(workerData.driver);
const database = new DatabaseSync(workerData.file, { timeout: 0 });
database.exec('PRAGMA synchronous = FULL');
const copy = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');
parentPort.on('message', (told) => {
  if (told === 'end') {
    database.close();
    parentPort.close();
    return;
  }
  let failed = null;
  try {
    copy.get();
  } catch (error) {
    failed = String(error);
  }
  parentPort.postMessage(failed);
});
`;

/** `log`: pages in the log; `checkpointed`: so many of them are in the file. */
interface LogState {
  readonly log: number;
  readonly checkpointed: number;
}

/**
 * Copies SQLite's log into the file beside the writer, on a thread: in the writer's own commit it kept everyone waiting for a tenth of a second and
 * more. The log begins anew only where nothing of it is left to copy, and a writer that goes on always leaves something: that little the writer
 * copies itself, between two commits. Where the thread fails, SQLite copies in a commit as it always does, only later (`wal_autocheckpoint`).
 */
export class Checkpointer {
  private thread: Worker | null = null;
  private doing: 'nothing' | 'copying' | 'copied' = 'nothing';
  private turns = 0;
  private notBeforeMs = 0;
  private closing = false;

  /** `connection`: the writer's. */
  constructor(
    private readonly file: string,
    private readonly connection: SqliteConnection,
    private readonly pages = PAGES,
  ) {}

  /** After each of the writer's commits; never throws, since what was committed is. */
  committed(): void {
    if (this.doing === 'copying' || this.closing || performance.now() < this.notBeforeMs) return;
    try {
      const waits = this.waiting();
      if (this.doing === 'copied' && (waits <= this.pages * FEW || this.turns >= TURNS)) this.finish();
      else if (this.doing === 'copied' || waits >= this.pages) this.copy();
    } catch {
      this.failed();
    }
  }

  /** Ends the thread; what is being copied is copied first. */
  async close(): Promise<void> {
    this.closing = true;
    const { thread } = this;
    if (thread === null) return;
    const ended = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
    thread.ref();
    thread.postMessage('end');
    await ended;
  }

  private waiting(): number {
    const [state] = this.connection.all<LogState>('PRAGMA wal_checkpoint(NOOP)', []);
    return state === undefined ? 0 : state.log - state.checkpointed;
  }

  private copy(): void {
    this.doing = 'copying';
    this.turns++;
    this.thread ??= this.begin();
    this.thread.postMessage('copy');
  }

  private finish(): void {
    this.doing = 'nothing';
    this.turns = 0;
    this.connection.all('PRAGMA wal_checkpoint(PASSIVE)', []);
  }

  private begin(): Worker {
    const thread = new Worker(THREAD, {
      eval: true,
      name: 'checkpoints',
      execArgv: [],
      workerData: { file: this.file, driver: require.resolve('@photostructure/sqlite') },
      resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 },
    });
    thread.unref();
    thread.on('message', (failed: string | null) => (failed === null ? this.copied() : this.failed()));
    thread.on('error', () => this.failed());
    thread.on('exit', () => {
      if (this.thread === thread) this.thread = null;
    });
    return thread;
  }

  private copied(): void {
    this.doing = 'copied';
  }

  private failed(): void {
    this.doing = 'nothing';
    this.turns = 0;
    this.notBeforeMs = performance.now() + AGAIN_MS;
  }
}
