import type { ParkedScope } from './engine/parked-row';

/** What the bus counts; `nest/` binds it to the process's metrics. */
export interface BusMetrics {
  inHand(scope: ParkedScope, records: number): void;
  lag(scope: ParkedScope, records: number): void;
  handled(scope: ParkedScope, records: number, seconds: number): void;
  retried(scope: ParkedScope): void;
  parked(scope: ParkedScope, records: number): void;
  dead(scope: ParkedScope, records: number): void;
  published(records: number, seconds: number): void;
  /** A partition is not ours any more. */
  forget(scope: ParkedScope): void;
}

const nothing = (): void => undefined;

/** Counts nothing. */
export const NO_METRICS: BusMetrics = {
  inHand: nothing,
  lag: nothing,
  handled: nothing,
  retried: nothing,
  parked: nothing,
  dead: nothing,
  published: nothing,
  forget: nothing,
};
