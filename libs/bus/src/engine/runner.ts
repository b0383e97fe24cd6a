import { headOf } from './head';
import type { LaneHost, RunnerDeps, RunnerSpec } from './host';
import { Lane } from './lane';
import type { ParkedScope } from './parked-row';
import { Entry, laneOf, reasonOf, Window, type RawRecord } from './record';

/** And the most characters (or bytes) of them: nothing more is taken in beyond it. */
const BUFFERED_LENGTH = 8 * 1024 * 1024;

/**
 * One partition's records on their way to a handler: decoded and validated once, spread over lanes by key, done in order per key.
 * What is done leaves the window as a contiguous prefix. Nothing is handed out before `start` and after `stop`.
 */
export class PartitionRunner implements LaneHost {
  readonly scope: ParkedScope;
  readonly window = new Window();
  private readonly lanes: Lane[];
  private readonly idle = new Set<() => void>();
  private readonly sleepers = new Set<() => void>();
  private readonly forget: () => void;
  private poll: NodeJS.Timeout | null = null;
  private looking: Promise<void> | null = null;
  private lookAgain = false;
  private started = false;
  private ending = false;
  private failing: string | null = null;
  private doneUpTo: string | null = null;

  constructor(
    readonly deps: RunnerDeps,
    readonly spec: RunnerSpec,
  ) {
    this.scope = { group: spec.group, topic: spec.topic.name, partition: spec.partition };
    this.lanes = Array.from({ length: Math.max(1, spec.lanes) }, () => new Lane(this));
    this.forget = deps.parked.onChange(() => void this.look());
  }

  get stopped(): boolean {
    return this.ending;
  }

  /** Records that may still be taken in before the caller should wait. */
  get room(): number {
    return this.window.length < BUFFERED_LENGTH ? this.deps.timing.buffered - this.window.size : 0;
  }

  private get halfEmpty(): boolean {
    return this.window.size <= this.deps.timing.buffered / 2 && this.window.length <= BUFFERED_LENGTH / 2;
  }

  /** The last offset of the contiguous prefix that is done; null when nothing is. */
  get position(): string | null {
    return this.doneUpTo;
  }

  /** What keeps it from working; null when well. */
  get problem(): string | null {
    return this.failing;
  }

  /** Learns which keys are parked, then begins. Repeats while the database is out of reach. */
  async start(): Promise<void> {
    await this.spec.after;
    while (!this.ending && !this.started) {
      await this.look();
      if (!this.started && !this.ending) await this.sleep(this.deps.timing.pauseFirstMs);
    }
  }

  /** Takes records in, in order. */
  push(records: readonly RawRecord[]): void {
    if (this.ending) return;
    const { types, isConcerned } = this.spec;
    const concerns = isConcerned?.() ?? true;
    for (const record of records) {
      const entry = new Entry(this.spec.topic, this.spec.partition, record);
      this.window.push(entry);
      if (concerns && this.isOfType(record)) this.lanes[laneOf(entry.key, this.lanes.length)]!.add(entry);
      else entry.done = entry.passed = true;
    }
    if (types !== undefined || !concerns) this.settle();
    this.report();
    if (this.started) for (const lane of this.lanes) lane.wake();
  }

  /** Has what lies up to this offset behind it, untouched, where nothing concerns the handler now and nothing before is in hand; answers whether. */
  passOver(offset: string): boolean {
    if (this.ending || this.window.size > 0 || (this.spec.isConcerned?.() ?? true)) return false;
    this.doneUpTo = offset;
    this.spec.onProgress?.(offset);
    return true;
  }

  /** Resolves when the buffer is at most half full (by number and by length), or the runner stops. */
  async whenRoom(): Promise<void> {
    while (!this.ending && !this.halfEmpty) {
      await new Promise<void>((resolve) => this.idle.add(resolve));
    }
  }

  /** Hands nothing out any more and waits for what is being handled. */
  async stop(): Promise<void> {
    this.ending = true;
    this.forget();
    if (this.poll) clearTimeout(this.poll);
    this.poll = null;
    for (const resolve of [...this.sleepers, ...this.idle]) resolve();
    await Promise.all([this.looking, ...this.lanes.map((lane) => lane.stop())]);
    this.deps.metrics.forget(this.scope);
  }

  sleep(ms: number): Promise<void> {
    if (this.ending) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.sleepers.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.sleepers.add(end);
    });
  }

  trouble(error: unknown): void {
    if (error === null) {
      this.failing = null;
      return;
    }
    if (this.failing === null)
      this.deps.warn(`${this.spec.group} pauses on ${this.spec.topic.name}: ${reasonOf(error)}`);
    this.failing = `${this.spec.group} pauses on ${this.spec.topic.name}: ${reasonOf(error)}`;
  }

  /** Lanes call this after entries are done. */
  settle(): void {
    const last = this.window.settle();
    if (last === null) return;
    this.doneUpTo = last.offset;
    this.report();
    this.spec.onProgress?.(last.offset);
    if (this.idle.size > 0 && this.halfEmpty) {
      const waiting = [...this.idle];
      this.idle.clear();
      for (const resolve of waiting) resolve();
    }
  }

  /** Reads which keys are parked and what is due; again, when asked meanwhile. Looks on while there are rows. */
  look(): Promise<void> {
    this.lookAgain = true;
    this.looking ??= this.lookNow().finally(() => {
      this.looking = null;
    });
    return this.looking;
  }

  private async lookNow(): Promise<void> {
    while (this.lookAgain && !this.ending) {
      this.lookAgain = false;
      if (this.poll) clearTimeout(this.poll);
      this.poll = null;
      let again = true;
      try {
        const overview = await this.deps.parked.overview(this.scope);
        if (this.stopped) return;
        for (const [i, lane] of this.lanes.entries()) {
          const mine = (key: string | null): boolean => laneOf(key ?? '', this.lanes.length) === i;
          lane.learn(
            [...overview.keys].filter(([key]) => mine(key)),
            overview.dueDead.filter((row) => mine(row.key)),
          );
        }
        again = overview.any;
        if (!this.started) this.trouble(null);
        this.started = true;
      } catch (error) {
        if (!this.started) this.trouble(error);
      }
      if (again && !this.stopped) this.poll = setTimeout(() => void this.look(), this.deps.timing.parkedPollMs);
      if (this.started) for (const lane of this.lanes) lane.wake();
    }
  }

  private isOfType({ value }: RawRecord): boolean {
    if (this.spec.types === undefined) return true;
    const head = headOf(value);
    return head === null || this.spec.types.has(head.type);
  }

  private report(): void {
    this.deps.metrics.inHand(this.scope, this.window.size);
  }
}
