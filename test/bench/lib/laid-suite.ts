import { cp, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { cpuMicros } from './cpu';
import { rssMb } from './memory';
import { inboundRecord, type BenchConversation } from './messages';
import { startSuiteProduct } from './product';
import { pause, until } from './scene';
import { scratch } from './services';
import { INBOUND, SqliteFile } from './sqlite-file';
import { assigned } from './stored';

/** For anything to happen. */
const PATIENCE_MS = 120_000;
const SETTLED_MS = 500;
/** SQLite takes so many values in one question. */
const IDS_AT_ONCE = 10_000;
/** Records of one transaction while they are laid down. */
const LAID_AT_ONCE = 20_000;

export interface Drained {
  /** µs, of all that the process used but for what it takes to start. */
  readonly cpuMicrosPerMessage: number;
  /** Messages a second, from the first that was handled to the last. */
  readonly rate: number;
  /** What it held when all was handled, MB. */
  readonly rssMb: number;
}

/** The suite's data, which keeps growing: records are laid down while nothing runs, then the suite handles them. */
export class LaidSuite {
  readonly sent = new Map<string, number>();
  private startMicros = 0;

  private constructor(
    readonly folder: string,
    private readonly accountId: string,
    readonly conversations: readonly BenchConversation[],
  ) {}

  static async copy(
    template: string,
    accountId: string,
    conversations: readonly BenchConversation[],
  ): Promise<LaidSuite> {
    const folder = await mkdtemp(path.join(scratch(), 'laid-'));
    await cp(template, folder, { recursive: true });
    return new LaidSuite(folder, accountId, conversations);
  }

  /** Lays so many messages down, of conversations as `draw` (0 ≤ x < 1) has it, and lets the suite handle them. */
  async drain(messages: number, draw: (nth: number) => number): Promise<Drained> {
    const file = path.join(this.folder, 'huiliu.sqlite');
    let last = 0;
    for (let from = 0; from < messages; from += LAID_AT_ONCE)
      last = this.lay(file, from, Math.min(messages, from + LAID_AT_ONCE), draw);
    const database = new SqliteFile(file, true);
    const before = database.position();
    const starting = startSuiteProduct(this.folder);
    starting.catch(() => undefined);
    try {
      await until(() => Promise.resolve(database.position() > before), PATIENCE_MS, 2);
      const startedMs = Date.now();
      for (let at = database.position(); at < last; at = database.position())
        if (!(await until(() => Promise.resolve(database.position() > at), PATIENCE_MS, 2)))
          throw new Error(`the suite stands still at ${at} of ${last} that were laid down`);
      const endedMs = Date.now();
      const { pid } = (await starting).processes()[0]!;
      await until(async () => (await this.assigned(database)) === this.sent.size, 60_000);
      const used = cpuMicros(pid);
      return {
        cpuMicrosPerMessage: (used - this.startMicros) / messages,
        rate: (messages * 1000) / Math.max(1, endedMs - startedMs),
        rssMb: rssMb(pid),
      };
    } finally {
      database.close();
      await (await starting).stop();
    }
  }

  /** Measures what it takes to start with what is there now: not counted to the messages of later rounds. */
  async measureStart(): Promise<void> {
    const product = await startSuiteProduct(this.folder);
    await pause(SETTLED_MS);
    this.startMicros = cpuMicros(product.processes()[0]!.pid);
    await product.stop();
  }

  /** Everything is stored once, and in order: by the numbers that each conversation has given. */
  wrong(): { lost: number; doubled: number; disordered: number } {
    const database = new SqliteFile(path.join(this.folder, 'huiliu.sqlite'), true);
    try {
      const rows = database.all<{ conversation_id: string; stored: number; different: number; astray: number }>(
        `SELECT conversation_id, COUNT(*) AS stored, COUNT(DISTINCT client_id) AS different, SUM(client_id <> 'b-' || (seq - 1)) AS astray FROM inbox_messages WHERE client_id LIKE 'b-%' GROUP BY conversation_id`,
      );
      const found = new Map(rows.map((row) => [row.conversation_id, row]));
      let [lost, doubled, disordered] = [0, 0, 0];
      for (const [id, count] of this.sent) {
        const row = found.get(id);
        lost += Math.max(0, count - Number(row?.different ?? 0));
        doubled += Math.max(0, Number(row?.stored ?? 0) - Number(row?.different ?? 0));
        disordered += Number(row?.astray ?? 0);
      }
      return { lost, doubled, disordered };
    } finally {
      database.close();
    }
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  private lay(file: string, from: number, to: number, draw: (nth: number) => number): number {
    const records = [];
    for (let n = from; n < to; n++) {
      const conversation = this.conversations[Math.floor(draw(n) * this.conversations.length)]!;
      const nth = this.sent.get(conversation.id) ?? 0;
      this.sent.set(conversation.id, nth + 1);
      const envelope = inboundRecord(this.accountId, conversation, nth, new Date());
      records.push({ key: envelope.key, id: envelope.id, value: JSON.stringify(envelope) });
    }
    const database = new SqliteFile(file, false);
    const last = database.add(INBOUND, records, new Date().toISOString().replace('T', ' ').slice(0, 23));
    database.close();
    return last;
  }

  private async assigned(database: SqliteFile): Promise<number> {
    let count = 0;
    for (let from = 0; from < this.conversations.length; from += IDS_AT_ONCE)
      count += await assigned(database, this.conversations.slice(from, from + IDS_AT_ONCE));
    return count;
  }
}
