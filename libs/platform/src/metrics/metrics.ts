import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The metrics of this process, in a registry of its own. Asking twice for a name gives the same metric. */
@Injectable()
export class Metrics implements OnApplicationShutdown {
  readonly registry = new Registry();
  private readonly made = new Map<string, Counter<string> | Gauge<string> | Histogram<string>>();

  constructor() {
    // Event-loop delay, memory, garbage collection, open handles. The delay is looked at twenty times a second (so it is said to be 50 ms where
    // nothing delays it): a hundred times kept an idle process busy for 4 ms a second, most of what some of them do.
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 50 });
  }

  counter(name: string, help: string, labels: readonly string[] = []): Counter<string> {
    return this.once(
      name,
      Counter,
      () => new Counter({ name, help, labelNames: [...labels], registers: [this.registry] }),
    );
  }

  gauge(name: string, help: string, labels: readonly string[] = []): Gauge<string> {
    return this.once(name, Gauge, () => new Gauge({ name, help, labelNames: [...labels], registers: [this.registry] }));
  }

  histogram(
    name: string,
    help: string,
    labels: readonly string[] = [],
    buckets?: readonly number[],
  ): Histogram<string> {
    const more = buckets === undefined ? {} : { buckets: [...buckets] };
    return this.once(
      name,
      Histogram,
      () => new Histogram({ name, help, labelNames: [...labels], registers: [this.registry], ...more }),
    );
  }

  /** All of it in the text format that Prometheus reads. */
  async text(): Promise<{ readonly type: string; readonly body: string }> {
    return { type: this.registry.contentType, body: await this.registry.metrics() };
  }

  onApplicationShutdown(): void {
    this.registry.clear();
  }

  private once<M extends Counter<string> | Gauge<string> | Histogram<string>>(
    name: string,
    kind: abstract new (...args: never[]) => M,
    make: () => M,
  ): M {
    const found = this.made.get(name);
    if (found instanceof kind) return found;
    if (found !== undefined) throw new Error(`metric ${name} is of another kind already`);
    const metric = make();
    this.made.set(name, metric);
    return metric;
  }
}
