import type { ProductProcess } from './product';
import { rssMb } from './memory';

/** What one process was at one time. Memory in MB; `atMs` from the beginning. */
interface Sample {
  readonly atMs: number;
  readonly rssMb: number;
  readonly heapMb: number;
  readonly loopP99Ms: number;
}

const MB = 1024 * 1024;

/** What processes hold and how late their event loops are, from time to time. */
export class Samples {
  private readonly byName = new Map<string, Sample[]>();
  private readonly startMs = Date.now();
  private timer: NodeJS.Timeout | undefined;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly processes: readonly ProductProcess[]) {}

  begin(everyMs: number): void {
    this.timer = setInterval(() => {
      this.turn = this.turn.then(() => Promise.all(this.processes.map((one) => this.take(one))));
    }, everyMs);
  }

  async end(): Promise<ReadonlyMap<string, readonly Sample[]>> {
    clearInterval(this.timer);
    await this.turn;
    return this.byName;
  }

  private async take({ name, pid, port }: ProductProcess): Promise<void> {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    const text = await answer.text();
    const figure = (metric: string): number =>
      Number(new RegExp(`^${metric}(?:\\{[^}]*\\})? ([0-9.e+-]+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
    const samples = this.byName.get(name) ?? [];
    this.byName.set(name, samples);
    samples.push({
      atMs: Date.now() - this.startMs,
      rssMb: rssMb(pid),
      heapMb: figure('nodejs_heap_size_used_bytes') / MB,
      loopP99Ms: figure('nodejs_eventloop_lag_p99_seconds') * 1000,
    });
  }
}

/** Growth a minute, by least squares over samples. */
export function growthPerMinute(samples: readonly Sample[], of: 'rssMb' | 'heapMb'): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;
  const [x, y] = [mean(samples.map(({ atMs }) => atMs)), mean(samples.map((sample) => sample[of]))];
  const above = samples.reduce((sum, sample) => sum + (sample.atMs - x) * (sample[of] - y), 0);
  const below = samples.reduce((sum, { atMs }) => sum + (atMs - x) ** 2, 0);
  return below === 0 ? 0 : (above / below) * 60_000;
}
