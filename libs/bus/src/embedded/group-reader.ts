import type { RunnerDeps } from '../engine/host';
import { PartitionRunner } from '../engine/runner';
import type { Subscription } from '../engine/subscription';
import { pauseDelayMs } from '../engine/timing';
import type { Log, LogReader } from './log';
import { EmbeddedProgress } from './positions';

const AT_ONCE = 500;

/** Feeds one topic of the log to a group's handler, from the group's position on. */
export class GroupReader {
  readonly runner: PartitionRunner;
  /** Some records are done without a transaction that moves the position. */
  private readonly passes: boolean;
  private readonly progress: EmbeddedProgress;
  private readonly ends = new AbortController();
  private running: Promise<void> | null = null;
  private broken: string | null = null;
  /** Up to here everything is done. */
  private doneUpTo = 0;
  private writing: NodeJS.Timeout | null = null;

  constructor(
    private readonly deps: RunnerDeps,
    private readonly log: Log,
    positions: string,
    readonly subscription: Subscription,
  ) {
    const { topic, group, types, concerned } = subscription;
    this.progress = new EmbeddedProgress(positions, group, topic.name);
    this.runner = new PartitionRunner(deps, {
      ...subscription,
      ...(concerned && { isConcerned: concerned }),
      partition: 0,
      progress: this.progress,
      onProgress: (offset) => this.report(Number(offset)),
    });
    this.passes = types !== undefined || concerned !== undefined;
  }

  /** What is wrong; null when well. */
  get problem(): string | null {
    return this.broken ?? this.runner.problem;
  }

  async start(): Promise<void> {
    const position = await this.progress.load(this.deps.db);
    void this.runner.start();
    this.running = this.run(this.log.follow(this.subscription.topic.name, position.n), new Set(position.ahead));
  }

  async stop(): Promise<void> {
    this.ends.abort();
    await Promise.all([this.runner.stop(), this.running]);
    if (this.writing === null) return;
    clearTimeout(this.writing);
    await this.writeDown();
  }

  private async run(reader: LogReader, ahead: ReadonlySet<number>): Promise<void> {
    const { signal } = this.ends;
    for (let failures = 0; !signal.aborted;) {
      if (this.runner.room <= 0) {
        await this.runner.whenRoom();
        continue;
      }
      try {
        const records = await reader.read(Math.min(AT_ONCE, this.runner.room));
        failures = 0;
        this.broken = null;
        if (records.length === 0) {
          await reader.wait(signal);
          continue;
        }
        this.runner.push(ahead.size === 0 ? records : records.filter((record) => !ahead.has(record.n)));
      } catch (error) {
        failures++;
        this.broken = `${this.subscription.group} cannot read ${this.subscription.topic.name}: ${String(error)}`;
        await this.runner.sleep(pauseDelayMs(this.deps.timing, failures));
      }
    }
    reader.close();
  }

  private report(position: number): void {
    this.deps.metrics.lag(this.runner.scope, this.log.behind(this.subscription.topic.name, position));
    this.doneUpTo = position;
    if (!this.passes || this.writing !== null) return;
    this.writing = setTimeout(() => void this.writeDown(), this.deps.timing.passedAfterMs);
    this.writing.unref();
  }

  /** Where it fails, the next report tries again; nothing is lost by a position that is behind. */
  private async writeDown(): Promise<void> {
    this.writing = null;
    try {
      await this.progress.pass(this.deps.db, this.doneUpTo);
    } catch (error) {
      this.deps.warn(`the position of ${this.subscription.group} was not written down: ${String(error)}`);
    }
  }
}
