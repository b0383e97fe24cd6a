/** How big the crowd is, of which routing (and its floor) decides. */
export interface RoutingSize {
  readonly agents: number;
  readonly waiting: number;
}

/** What one side measured. Times in ms. */
export interface RoutingRun {
  readonly decisions: number;
  readonly ms: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly lost: number;
  readonly doubled: number;
  readonly disordered: number;
}

/** Decisions made and thrown away before those that count. */
export const ROUTING_WARM_UP = 2_000;
