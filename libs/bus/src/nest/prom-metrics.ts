import type { Metrics } from '@huiliu/platform';
import type { ParkedScope } from '../engine/parked-row';
import type { BusMetrics } from '../metrics';

const LABELS = ['group', 'topic'] as const;
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** A value per partition, shown as the sum over a group's partitions of a topic. */
class Sums {
  private readonly values = new Map<string, Map<number, number>>();

  set(scope: ParkedScope, value: number): number {
    const name = `${scope.group}\n${scope.topic}`;
    const parts = this.values.get(name) ?? new Map<number, number>();
    this.values.set(name, parts);
    parts.set(scope.partition, value);
    let sum = 0;
    for (const part of parts.values()) sum += part;
    return sum;
  }
}

/** The bus's numbers among the process's metrics. */
export function promMetrics(metrics: Metrics): BusMetrics {
  const inHand = metrics.gauge('huiliu_bus_in_flight', 'Records taken in and not yet done.', LABELS);
  const lag = metrics.gauge('huiliu_bus_lag', 'Records in the topic that the group has not done.', LABELS);
  const handled = metrics.counter('huiliu_bus_handled_total', 'Records handled.', LABELS);
  const seconds = metrics.histogram(
    'huiliu_bus_batch_seconds',
    'Time that a handler took for a batch.',
    LABELS,
    SECONDS,
  );
  const retried = metrics.counter('huiliu_bus_retries_total', 'Failed tries of a single event.', LABELS);
  const parked = metrics.counter(
    'huiliu_bus_parked_total',
    'Events put aside, those that wait behind them included.',
    LABELS,
  );
  const dead = metrics.counter('huiliu_bus_dead_total', 'Records that were no valid event.', LABELS);
  const published = metrics.counter('huiliu_bus_published_total', 'Records published and answered.');
  const publishing = metrics.histogram('huiliu_bus_publish_seconds', 'Time until a batch was durable.', [], SECONDS);
  const inHandSums = new Sums();
  const lagSums = new Sums();
  return {
    inHand: (scope, records) => inHand.set(labels(scope), inHandSums.set(scope, records)),
    lag: (scope, records) => lag.set(labels(scope), lagSums.set(scope, records)),
    handled: (scope, records, took) => {
      handled.inc(labels(scope), records);
      seconds.observe(labels(scope), took);
    },
    retried: (scope) => retried.inc(labels(scope)),
    parked: (scope, records) => parked.inc(labels(scope), records),
    dead: (scope, records) => dead.inc(labels(scope), records),
    published: (records, took) => {
      published.inc(records);
      publishing.observe(took);
    },
    forget: (scope) => {
      inHand.set(labels(scope), inHandSums.set(scope, 0));
      lag.set(labels(scope), lagSums.set(scope, 0));
    },
  };
}

const labels = ({ group, topic }: ParkedScope): { group: string; topic: string } => ({ group, topic });
