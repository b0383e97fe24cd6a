import { cp, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { cpuMicros } from './cpu';
import { dbTime } from '../floors/rows';
import { rssMb } from './memory';
import { inboundRecord, type BenchConversation } from './messages';
import { startSuiteProduct } from './product';
import { until } from './scene';
import { scratch } from './services';
import { EVENTS, INBOUND, SqliteFile } from './sqlite-file';
import { assigned } from './stored';

/** For anything to happen. */
const PATIENCE_MS = 120_000;
/** SQLite takes so many values in one question. */
const IDS_AT_ONCE = 10_000;
/** Records of one transaction while they are laid down. */
const LAID_AT_ONCE = 20_000;
/** Between two rounds lies so much time, as far as the facts' dates tell: more than a start reads back. */
const BETWEEN_MS = 3600_000;

export interface Drained {
  /** µs, of all that the process used from when it was ready until the last message was handled. */
  readonly cpuMicrosPerMessage: number;
  /** Messages a second in that time. */
  readonly rate: number;
  /** So many messages were handled in it; those before are not counted. */
  readonly counted: number;
  /** What it held when all was handled, MB. */
  readonly rssMb: number;
}

/**
 * The suite's data, which keeps growing: records are laid down while nothing runs, then the suite handles them. What it takes to start is no
 * message's cost, so the meter runs from when it is ready on. And it is the same at every size: a start reads ten minutes of facts back, which
 * at such rates are hundreds of thousands, so the facts of earlier rounds are dated back and only the last ten thousand are read.
 */
export class LaidSuite {
  readonly sent = new Map<string, number>();
  private agedUpTo = 0;

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
    this.age();
    let last = 0;
    for (let from = 0; from < messages; from += LAID_AT_ONCE)
      last = this.lay(from, Math.min(messages, from + LAID_AT_ONCE), draw);
    const product = await startSuiteProduct(this.folder);
    const database = new SqliteFile(this.file, true);
    try {
      const { pid } = product.processes()[0]!;
      const [usedBefore, startedMs] = [cpuMicros(pid), Date.now()];
      const counted = Math.min(messages, last - database.position()) - database.ahead();
      for (let at = database.position(); at < last; at = database.position())
        if (!(await until(() => Promise.resolve(database.position() > at), PATIENCE_MS, 2)))
          throw new Error(`the suite stands still at ${at} of ${last} that were laid down`);
      const endedMs = Date.now();
      await until(async () => (await this.assigned(database)) === this.sent.size, 60_000);
      return {
        cpuMicrosPerMessage: (cpuMicros(pid) - usedBefore) / Math.max(1, counted),
        rate: (counted * 1000) / Math.max(1, endedMs - startedMs),
        rssMb: rssMb(pid),
        counted,
      };
    } finally {
      database.close();
      await product.stop();
    }
  }

  /** Everything is stored once, and in order: by the numbers that each conversation has given. */
  wrong(): { lost: number; doubled: number; disordered: number } {
    const database = new SqliteFile(this.file, true);
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

  private get file(): string {
    return path.join(this.folder, 'huiliu.sqlite');
  }

  private age(): void {
    const database = new SqliteFile(this.file, false);
    this.agedUpTo = database.ageSince(EVENTS, this.agedUpTo, dbTime(new Date(Date.now() - BETWEEN_MS).toISOString()));
    database.close();
  }

  private lay(from: number, to: number, draw: (nth: number) => number): number {
    const records = [];
    for (let n = from; n < to; n++) {
      const conversation = this.conversations[Math.floor(draw(n) * this.conversations.length)]!;
      const nth = this.sent.get(conversation.id) ?? 0;
      this.sent.set(conversation.id, nth + 1);
      const envelope = inboundRecord(this.accountId, conversation, nth, new Date());
      records.push({ key: envelope.key, id: envelope.id, value: JSON.stringify(envelope) });
    }
    const database = new SqliteFile(this.file, false);
    const last = database.add(INBOUND, records, dbTime(new Date().toISOString()));
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
