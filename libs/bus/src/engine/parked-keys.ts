import type { Tx } from '@huiliu/storage';
import type { Delivery } from '../bus';
import { deliver, persist } from './deliver';
import type { LaneHost } from './host';
import type { ParkedRow } from './parked-row';
import { decode, reasonOf } from './record';
import { holdAttempts, parkedDelayMs } from './timing';

interface ParkedKey {
  dueAtMs: number;
  /** So many of the next rows are tried one by one, since together they failed. */
  singles: number;
}

/** A lane's parked keys: tries the first event of each when it is due, goes on behind it, forgets a key when no row is left. */
export class ParkedKeys {
  private readonly keys = new Map<string, ParkedKey>();
  private dueDead: ParkedRow[] = [];

  constructor(private readonly runner: LaneHost) {}

  get size(): number {
    return this.keys.size;
  }

  has(key: string): boolean {
    return this.keys.has(key);
  }

  add(key: string, dueAtMs: number): void {
    this.keys.set(key, { dueAtMs, singles: 1 });
  }

  /** What the table says now; rows that were deleted elsewhere show when their key is tried next. */
  learn(keys: readonly (readonly [string, number])[], dueDead: readonly ParkedRow[]): void {
    const listed = new Set<string>();
    for (const [key, dueAtMs] of keys) {
      listed.add(key);
      const known = this.keys.get(key);
      if (known) known.dueAtMs = dueAtMs;
      else this.add(key, dueAtMs);
    }
    for (const [key, known] of this.keys) if (!listed.has(key)) known.dueAtMs = 0;
    this.dueDead = [...dueDead];
  }

  /** Milliseconds until something is due; Infinity when nothing ever is. */
  waitMs(): number {
    let waitMs = this.dueDead.length > 0 ? 0 : Infinity;
    const now = this.runner.deps.clock.now().getTime();
    for (const { dueAtMs } of this.keys.values()) waitMs = Math.min(waitMs, dueAtMs - now);
    return waitMs;
  }

  /** Tries what is due; false when nothing is. */
  async work(): Promise<boolean> {
    const dead = this.dueDead.shift();
    if (dead) {
      await this.tryDead(dead);
      return true;
    }
    if (this.keys.size === 0) return false;
    const now = this.runner.deps.clock.now().getTime();
    for (const [key, parked] of this.keys) {
      if (parked.dueAtMs > now) continue;
      await this.tryKey(key, parked);
      return true;
    }
    return false;
  }

  private async tryKey(key: string, parked: ParkedKey): Promise<void> {
    const { deps, spec, scope } = this.runner;
    const now = deps.clock.now();
    const rows = await this.load(key, parked.singles > 0 ? 1 : spec.maxBatch);
    if (rows === null) {
      parked.dueAtMs = now.getTime() + deps.timing.pauseFirstMs;
      return;
    }
    const first = rows[0];
    if (!first) {
      this.keys.delete(key);
      return;
    }
    if (first.nextAtMs !== null && first.nextAtMs > now.getTime()) {
      parked.dueAtMs = first.nextAtMs;
      return;
    }
    const failedBefore = rows.findIndex((row, i) => i > 0 && row.attempts > 0);
    const together = first.attempts > 0 ? [first] : failedBefore > 0 ? rows.slice(0, failedBefore) : rows;
    const result = await this.handle(together);
    if (result === null) {
      parked.singles = Math.max(0, parked.singles - 1);
      parked.dueAtMs = 0;
      return;
    }
    if (result === 'stopped') return;
    if (together.length > 1) {
      parked.singles = together.length;
      return;
    }
    const attempts = first.attempts + 1;
    const nextAt = new Date(deps.clock.now().getTime() + parkedDelayMs(deps.timing, attempts));
    const announce = attempts >= holdAttempts(deps.timing);
    deps.metrics.retried(scope);
    const noted = await persist(deps, this.runner, (tx) =>
      deps.parked.fail(tx, scope, first, {
        state: result.dead ? 'dead' : 'parked',
        reason: result.reason,
        nextAt: result.dead ? null : nextAt,
        announce: announce || result.dead,
      }),
    );
    if (noted) parked.dueAtMs = result.dead ? 0 : nextAt.getTime();
  }

  /** A dead record that somebody wants tried again: it may be valid by now. */
  private async tryDead(row: ParkedRow): Promise<void> {
    const { deps, scope } = this.runner;
    const result = await this.handle([row]);
    if (result === null || result === 'stopped') return;
    deps.metrics.retried(scope);
    await persist(deps, this.runner, (tx) =>
      deps.parked.fail(tx, scope, row, { state: 'dead', reason: result.reason, nextAt: null, announce: true }),
    );
  }

  /** Null when the rows are handled and gone. */
  private async handle(rows: readonly ParkedRow[]): Promise<null | 'stopped' | { reason: string; dead: boolean }> {
    const { deps, spec, scope } = this.runner;
    const deliveries = new Map<ParkedRow, Delivery>();
    for (const row of rows) {
      const { envelope, defect } = decode(spec.topic, { value: row.value });
      if (envelope === null) return { reason: defect, dead: rows.length === 1 };
      deliveries.set(row, { topic: scope.topic, partition: scope.partition, offset: row.offset, envelope });
    }
    const note = async (tx: Tx): Promise<readonly Delivery[]> =>
      (await deps.parked.take(tx, scope, rows)).map((row) => deliveries.get(row)!);
    const outcome = await deliver(deps, this.runner, spec.handler, [...deliveries.values()], note, true);
    if (outcome.kind === 'done') return null;
    return outcome.kind === 'failed' ? { reason: reasonOf(outcome.error), dead: false } : 'stopped';
  }

  private async load(key: string, limit: number): Promise<ParkedRow[] | null> {
    const { deps, scope } = this.runner;
    try {
      return await deps.parked.load(scope, key, limit);
    } catch (error) {
      this.runner.trouble(error);
      return null;
    }
  }
}
