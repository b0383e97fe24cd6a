import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** A minute in µs: what takes longer is counted as a minute. */
const LONGEST_MICROS = 60_000_000;

/** Latencies in an HDR histogram: µs inside, three significant figures, ms outside. */
export class Latencies {
  private readonly histogram: RecordableHistogram = createHistogram({
    lowest: 1,
    highest: LONGEST_MICROS,
    figures: 3,
  });

  /** A latency in ms; one below 1 µs counts as 1 µs. */
  record(ms: number): void {
    this.histogram.record(Math.min(LONGEST_MICROS, Math.max(1, Math.round(ms * 1000))));
  }

  get count(): number {
    return this.histogram.count;
  }

  /** In ms; null while nothing was recorded. */
  percentile(percent: number): number | null {
    return this.count === 0 ? null : this.histogram.percentile(percent) / 1000;
  }

  summary(): LatencySummary {
    return {
      count: this.count,
      p50Ms: this.percentile(50),
      p90Ms: this.percentile(90),
      p99Ms: this.percentile(99),
      p999Ms: this.percentile(99.9),
      maxMs: this.count === 0 ? null : this.histogram.max / 1000,
    };
  }

  /** What the histogram holds, as pairs of percentile and µs. */
  raw(): [number, number][] {
    return this.count === 0 ? [] : [...this.histogram.percentiles.entries()];
  }
}

export interface LatencySummary {
  readonly count: number;
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p99Ms: number | null;
  readonly p999Ms: number | null;
  readonly maxMs: number | null;
}
