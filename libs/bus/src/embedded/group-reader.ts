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
  private readonly progress: EmbeddedProgress;
  private readonly ends = new AbortController();
  private running: Promise<void> | null = null;
  private broken: string | null = null;

  constructor(
    private readonly deps: RunnerDeps,
    private readonly log: Log,
    positions: string,
    readonly subscription: Subscription,
  ) {
    const { topic, group } = subscription;
    this.progress = new EmbeddedProgress(positions, group, topic.name);
    this.runner = new PartitionRunner(deps, {
      ...subscription,
      // What is read is read for all of the process; and the position moves by what is handed out.
      types: undefined,
      partition: 0,
      progress: this.progress,
      onProgress: (offset) => this.report(Number(offset)),
    });
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
  }
}
