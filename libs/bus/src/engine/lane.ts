import { breaks } from '@huiliu/platform';
import type { Tx } from '@huiliu/storage';
import type { Delivery } from '../bus';
import { deliver, persist, type Outcome } from './deliver';
import type { LaneHost } from './host';
import { ParkedKeys } from './parked-keys';
import type { ParkedRow } from './parked-row';
import { reasonOf, type Entry } from './record';
import { holdAttempts, parkedDelayMs } from './timing';

/** A key whose first event failed: it is tried again while other keys go on. Its times are the process's own: a clock that is set back holds nobody. */
interface Held {
  readonly entries: Entry[];
  attempts: number;
  sinceMs: number;
  nextAtMs: number;
  reason: string;
}

/** Some of a partition's keys: at most one batch of theirs is being handled at a time, so that each key keeps its order. */
export class Lane {
  private queue: Entry[] = [];
  private readonly held = new Map<string, Held>();
  private readonly parked: ParkedKeys;
  private running: Promise<void> | null = null;
  private woken = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly runner: LaneHost) {
    this.parked = new ParkedKeys(runner);
  }

  add(entry: Entry): void {
    this.queue.push(entry);
  }

  /** Takes over what the table says of parked keys. Never forgets a key here: only finding no row of it does. */
  learn(keys: readonly (readonly [string, number])[], dueDead: readonly ParkedRow[]): void {
    this.parked.learn(keys, dueDead);
  }

  wake(): void {
    this.woken = true;
    if (this.running || this.runner.stopped) return;
    this.running = this.run();
  }

  async stop(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      while (this.woken && !this.runner.stopped) {
        this.woken = false;
        while (!this.runner.stopped && (await this.step()));
      }
    } finally {
      this.running = null;
      this.sleepUntilDue();
    }
  }

  private sleepUntilDue(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    if (this.runner.stopped) return;
    let waitMs = this.parked.waitMs();
    const now = performance.now();
    for (const held of this.held.values()) waitMs = Math.min(waitMs, held.nextAtMs - now);
    if (waitMs < Infinity) this.timer = setTimeout(() => this.wake(), Math.max(0, waitMs));
  }

  /** One piece of work; false when there is none now. */
  private async step(): Promise<boolean> {
    for (const [key, held] of this.held) {
      if (held.nextAtMs <= performance.now()) {
        await this.retry(key, held);
        return true;
      }
    }
    if (await this.parked.work()) return true;
    if (this.queue.length === 0) return false;
    await this.takeBatch();
    return true;
  }

  /** Sorts the next entries: what is no event, what follows a parked or held event of its key, and the batch. */
  private async takeBatch(): Promise<void> {
    const { taken, left } = nextOf(this.queue, this.runner.spec.maxBatch);
    this.queue = left;
    const invalid = taken.filter((entry) => entry.defect !== null);
    const valid = invalid.length === 0 ? taken : taken.filter((entry) => entry.defect === null);
    if (invalid.length > 0) await this.bury(invalid);
    await this.process(valid);
  }

  /** Handles entries in order; when that fails, halves them down to the one that fails and holds its key. */
  private async process(entries: readonly Entry[]): Promise<void> {
    const batch = await this.sort(entries);
    if (batch.length === 0 || this.runner.stopped) return;
    const outcome = await this.attempt(batch);
    if (outcome.kind === 'done') return this.done(batch);
    if (outcome.kind === 'parked') {
      await this.runner.look();
      return this.process(batch);
    }
    if (outcome.kind === 'stopped') return;
    if (batch.length === 1 || breaks('bisection')) return this.hold(batch[0]!, outcome.error);
    const half = batch.length >> 1;
    await this.process(batch.slice(0, half));
    await this.process(batch.slice(half));
  }

  private async sort(entries: readonly Entry[]): Promise<readonly Entry[]> {
    if (this.held.size === 0 && this.parked.size === 0) return entries;
    const behind: Entry[] = [];
    const batch = entries.filter((entry) => {
      if (this.parked.has(entry.key)) behind.push(entry);
      else if (this.held.has(entry.key)) this.held.get(entry.key)!.entries.push(entry);
      else return true;
      return false;
    });
    if (behind.length > 0) await this.append(behind);
    return batch;
  }

  private async attempt(batch: readonly Entry[]): Promise<Outcome> {
    const { deps, spec, window, scope } = this.runner;
    const deliveries = batch.map((entry) => entry.delivery!);
    const note = async (tx: Tx): Promise<readonly Delivery[]> => {
      const fresh = await spec.progress.claim(tx, batch, window);
      return fresh.length === batch.length ? deliveries : fresh.map((entry) => entry.delivery!);
    };
    const startedMs = performance.now();
    const outcome = await deliver(deps, this.runner, spec.handler, deliveries, note, spec.progress.persists);
    if (outcome.kind === 'done') deps.metrics.handled(scope, batch.length, (performance.now() - startedMs) / 1000);
    return outcome;
  }

  private done(entries: readonly Entry[]): void {
    for (const entry of entries) entry.done = true;
    this.runner.settle();
  }

  private hold(entry: Entry, error: unknown): void {
    const now = performance.now();
    const waitMs = this.runner.deps.timing.holdDelaysMs[0] ?? 0;
    this.held.set(entry.key, {
      entries: [entry],
      attempts: 1,
      sinceMs: now,
      nextAtMs: now + waitMs,
      reason: reasonOf(error),
    });
    this.runner.deps.metrics.retried(this.runner.scope);
  }

  private async retry(key: string, held: Held): Promise<void> {
    const { timing, metrics } = this.runner.deps;
    const first = held.entries[0]!;
    if (held.attempts >= holdAttempts(timing)) return this.park(key, held);
    const outcome = await this.attempt([first]);
    if (outcome.kind === 'stopped') return;
    if (outcome.kind === 'parked') {
      // Another process parked the key: what is held of it goes behind those rows.
      await this.runner.look();
      this.release(key, held);
      return;
    }
    if (outcome.kind === 'done') {
      held.entries.shift();
      this.release(key, held);
      this.done([first]);
      return;
    }
    held.attempts++;
    held.reason = reasonOf(outcome.error);
    held.sinceMs += outcome.pausedMs;
    metrics.retried(this.runner.scope);
    const now = performance.now();
    if (held.attempts >= holdAttempts(timing) || now - held.sinceMs > timing.holdAtMostMs) return this.park(key, held);
    held.nextAtMs = now + (timing.holdDelaysMs[held.attempts - 1] ?? 0);
  }

  private release(key: string, held: Held): void {
    this.held.delete(key);
    // What was held came before everything of the key that still queues.
    this.queue = held.entries.concat(this.queue);
  }

  /** Puts a held event and what follows it aside, in order, together with the progress. */
  private async park(key: string, held: Held): Promise<void> {
    const { deps, spec, window, scope } = this.runner;
    const rest = this.queue.filter((entry) => entry.key === key && entry.defect === null);
    const all = rest.length > 0 ? held.entries.concat(rest) : held.entries;
    const delayMs = parkedDelayMs(deps.timing, held.attempts);
    const nextAt = new Date(deps.clock.now().getTime() + delayMs);
    let dueAtMs = 0;
    const stored = await persist(deps, this.runner, async (tx) => {
      const fresh = await spec.progress.setAside(tx, all, window);
      const failure = fresh[0] === all[0] ? { reason: held.reason, attempts: held.attempts, nextAt } : null;
      dueAtMs = failure ? nextAt.getTime() : 0;
      if (fresh.length > 0) await deps.parked.park(tx, scope, fresh, failure);
    });
    if (!stored) return;
    deps.warn(`${scope.group} parked an event of ${scope.topic} after ${held.attempts} attempts: ${held.reason}`);
    deps.metrics.parked(scope, all.length);
    this.held.delete(key);
    const gone = new Set(rest);
    if (gone.size > 0) this.queue = this.queue.filter((entry) => !gone.has(entry));
    this.parked.add(key, dueAtMs);
    this.done(all);
  }

  /** Later events of parked keys go behind what is parked. */
  private async append(entries: readonly Entry[]): Promise<void> {
    const { deps, spec, window, scope } = this.runner;
    const stored = await persist(deps, this.runner, async (tx) => {
      const fresh = await spec.progress.setAside(tx, entries, window);
      if (fresh.length > 0) await deps.parked.park(tx, scope, fresh, null);
    });
    if (!stored) return;
    deps.metrics.parked(scope, entries.length);
    this.done(entries);
  }

  private async bury(entries: readonly Entry[]): Promise<void> {
    const { deps, spec, window, scope } = this.runner;
    const stored = await persist(deps, this.runner, async (tx) => {
      const fresh = await spec.progress.setAside(tx, entries, window);
      if (fresh.length > 0) await deps.parked.bury(tx, scope, fresh);
    });
    if (!stored) return;
    deps.warn(`${scope.group} cannot read ${entries.length} record(s) of ${scope.topic}: ${entries[0]!.defect}`);
    deps.metrics.dead(scope, entries.length);
    this.done(entries);
  }
}

/**
 * The next batch of a queue: all of it where it fits. Of a longer one the keys that have waited longest, each with everything of it that waits:
 * where much lies ready, a handler does what it does for a conversation once for many events of it.
 */
export function nextOf<E extends { readonly key: string }>(
  queue: readonly E[],
  most: number,
): { taken: E[]; left: E[] } {
  if (queue.length <= most) return { taken: [...queue], left: [] };
  const counts = new Map<string, number>();
  for (const { key } of queue) counts.set(key, (counts.get(key) ?? 0) + 1);
  const chosen = new Set<string>();
  let room = most;
  for (const [key, count] of counts) {
    if (room <= 0) break;
    chosen.add(key);
    room -= count;
  }
  const taken: E[] = [];
  const left: E[] = [];
  for (const entry of queue) (taken.length < most && chosen.has(entry.key) ? taken : left).push(entry);
  return { taken, left };
}
