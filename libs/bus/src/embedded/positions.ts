import type { Database, SqlValue, Tx } from '@huiliu/storage';
import type { Progress } from '../engine/progress';
import type { Entry, Window } from '../engine/record';
import { firstAfter } from './ascending';

/** How far a group is: everything up to `n` is done, and what is listed beyond it, ascending. */
export interface Position {
  readonly n: number;
  readonly ahead: readonly number[];
}

/**
 * A position after more was done. `inHand`: the topic's records in order, without gaps, from the position on (those done
 * ahead may be left out).
 */
export function advance(position: Position, done: readonly number[], inHand: Iterable<number>): Position {
  const beyond = merged(position.ahead, [...done].sort(ascending));
  let { n } = position;
  let passed = 0;
  for (const next of inHand) {
    if (next <= n) continue;
    while (passed < beyond.length && beyond[passed]! < next) passed++;
    if (beyond[passed] !== next) break;
    n = next;
  }
  while (passed < beyond.length && beyond[passed]! <= n) passed++;
  return { n, ahead: passed === 0 ? beyond : beyond.slice(passed) };
}

const ascending = (a: number, b: number): number => a - b;

/** Two ascending lists in one, each number once: where much is done ahead, sorting it anew for every batch took longer than all else here. */
function merged(some: readonly number[], others: readonly number[]): number[] {
  const all: number[] = [];
  for (let i = 0, j = 0; i < some.length || j < others.length;) {
    const next = j === others.length || some[i]! <= others[j]! ? some[i++]! : others[j++]!;
    if (next !== all.at(-1)) all.push(next);
  }
  return all;
}

/** Whether an ascending list of whole numbers holds one. */
function holds(list: readonly number[], wanted: number): boolean {
  return list[firstAfter(list, wanted - 1, (n) => n)] === wanted;
}

/** What is in hand, but for what was passed over: a position moves past that with what lies behind it. */
function* offsets(window: Window): IterableIterator<number> {
  for (const entry of window.open()) if (!entry.passed) yield Number(entry.offset);
}

const toPosition = (row: Record<string, SqlValue>): Position => ({
  n: Number(row.n),
  ahead: row.ahead === null ? [] : (JSON.parse(String(row.ahead)) as number[]),
});

/** A group's position in one topic of the log: moves in the transaction of the effect. */
export class EmbeddedProgress implements Progress {
  readonly persists = true;

  constructor(
    private readonly table: string,
    private readonly group: string,
    private readonly topic: string,
  ) {}

  /** The stored position; a new group begins with the first record kept. */
  async load(db: Database): Promise<Position> {
    return db.transaction(async (tx) => {
      const row = await this.read(tx);
      if (row) return toPosition(row);
      await tx.insertMany(this.table, ['grp', 'topic', 'n', 'ahead'], [[this.group, this.topic, 0, null]]);
      return { n: 0, ahead: [] };
    });
  }

  async claim(tx: Tx, entries: readonly Entry[], window: Window): Promise<readonly Entry[]> {
    const row = await this.read(tx);
    if (!row) throw new Error(`no position of ${this.group} in ${this.topic}`);
    const position = toPosition(row);
    const fresh = entries.filter(
      (entry) => Number(entry.offset) > position.n && !holds(position.ahead, Number(entry.offset)),
    );
    if (fresh.length === 0) return fresh;
    const next = advance(
      position,
      fresh.map((entry) => Number(entry.offset)),
      offsets(window),
    );
    await this.write(tx, next);
    return fresh;
  }

  /** Moves the position to where all is done, with what was passed over and moves no position by itself. */
  async pass(db: Database, upTo: number): Promise<void> {
    await db.transaction(async (tx) => {
      const row = await this.read(tx);
      if (row === undefined) return;
      const { n, ahead } = toPosition(row);
      if (upTo > n) await this.write(tx, { n: upTo, ahead: ahead.slice(firstAfter(ahead, upTo, (one) => one)) });
    });
  }

  setAside(tx: Tx, entries: readonly Entry[], window: Window): Promise<readonly Entry[]> {
    return this.claim(tx, entries, window);
  }

  private async write(tx: Tx, { n, ahead }: Position): Promise<void> {
    await tx.execute(`UPDATE ${this.table} SET n = ?, ahead = ? WHERE grp = ? AND topic = ?`, [
      n,
      ahead.length === 0 ? null : JSON.stringify(ahead),
      this.group,
      this.topic,
    ]);
  }

  private async read(tx: Tx): Promise<Record<string, SqlValue> | undefined> {
    const rows = await tx.query(`SELECT n, ahead FROM ${this.table} WHERE grp = ? AND topic = ?`, [
      this.group,
      this.topic,
    ]);
    return rows[0];
  }
}
