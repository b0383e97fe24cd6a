import type { TopicSpec } from '@huiliu/contracts';
import type { Tail, TailRecord, TailStart } from '../bus';
import { tailRecord } from '../engine/tail-record';
import type { Log, LogReader } from './log';

const AT_ONCE = 500;

interface TailDeps {
  readonly log: Log;
  readonly warn: (message: string) => void;
}

/** Follows one topic of the log from a position on. */
export class EmbeddedTail<T> implements Tail {
  readonly caughtUp: Promise<void>;
  private readonly ends = new AbortController();
  /** Resolves when nothing is handed out any more. */
  readonly ended: Promise<void>;
  private well = true;

  private constructor(
    private readonly deps: TailDeps,
    private readonly topic: TopicSpec,
    private readonly reader: LogReader,
    private readonly target: number,
    private readonly onRecords: (records: readonly TailRecord<T>[]) => void,
  ) {
    let reached: () => void = () => undefined;
    this.caughtUp = new Promise((resolve) => {
      reached = resolve;
    });
    this.ended = this.run(reached);
  }

  static async open<T>(
    deps: TailDeps,
    topic: TopicSpec,
    from: TailStart,
    onRecords: (records: readonly TailRecord<T>[]) => void,
  ): Promise<EmbeddedTail<T>> {
    await deps.log.open();
    const last = await deps.log.last(topic.name);
    const start =
      from === 'beginning'
        ? 0
        : from === 'end'
          ? last
          : await deps.log.positionSince(topic.name, from.sinceMs, from.atLeast);
    return new EmbeddedTail(deps, topic, deps.log.follow(topic.name, start), last, onRecords);
  }

  healthy(): boolean {
    return this.well;
  }

  async close(): Promise<void> {
    this.ends.abort();
    await this.ended;
  }

  private async run(reached: () => void): Promise<void> {
    while (!this.ends.signal.aborted) {
      if (this.reader.position >= this.target) reached();
      try {
        const records = await this.reader.read(AT_ONCE);
        this.well = true;
        if (this.ends.signal.aborted) break;
        if (records.length === 0) {
          await this.reader.wait(this.ends.signal);
          continue;
        }
        const readable = records
          .map((record) => tailRecord<T>(this.topic, 0, record, this.deps))
          .filter((record) => record !== null);
        if (readable.length > 0) this.hand(readable);
      } catch (error) {
        this.well = false;
        this.deps.warn(`tail of ${this.topic.name}: ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
    this.reader.close();
  }

  private hand(records: readonly TailRecord<T>[]): void {
    try {
      this.onRecords(records);
    } catch (error) {
      this.deps.warn(`a reader of ${this.topic.name} failed: ${String(error)}`);
    }
  }
}
