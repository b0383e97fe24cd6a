import type { TopicSpec } from '@huiliu/contracts';
import type { Clock, Database } from '@huiliu/storage';
import type { BatchHandler } from '../bus';
import type { BusMetrics } from '../metrics';
import type { ParkedScope } from './parked-row';
import type { ParkedStore } from './parked-store';
import type { Progress } from './progress';
import type { Window } from './record';
import type { EngineTiming } from './timing';

/** What every runner of a process shares. */
export interface RunnerDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly parked: ParkedStore;
  readonly timing: EngineTiming;
  readonly metrics: BusMetrics;
  /** The database or the broker is at fault, not the event. */
  readonly isInfrastructure: (error: unknown) => boolean;
  readonly traced: <T>(traceparent: string, work: () => Promise<T>) => Promise<T>;
  readonly warn: (message: string) => void;
}

/** One group's handler of one partition. */
export interface RunnerSpec {
  readonly topic: TopicSpec;
  readonly group: string;
  readonly partition: number;
  readonly maxBatch: number;
  readonly lanes: number;
  /** Records of other types are done when they come; all are handed out, where this is not set. */
  readonly types?: ReadonlySet<string>;
  /** While it answers false all records are done when they come. */
  readonly isConcerned?: () => boolean;
  readonly handler: BatchHandler;
  readonly progress: Progress;
  /** The contiguous prefix grew up to this offset. */
  readonly onProgress?: (offset: string) => void;
  /** Begins after this: an earlier runner of the same partition has ended. */
  readonly after?: Promise<unknown>;
}

/** What the engine knows of the world while it hands out work. */
export interface Pauses {
  readonly stopped: boolean;
  /** Waits, or returns early when the runner stops. */
  sleep(ms: number): Promise<void>;
  /** The database or the broker failed; null: it works again. */
  trouble(error: unknown): void;
}

/** The runner, as its lanes see it. */
export interface LaneHost extends Pauses {
  readonly deps: RunnerDeps;
  readonly spec: RunnerSpec;
  readonly scope: ParkedScope;
  readonly window: Window;
  /** Entries were marked done. */
  settle(): void;
  /** Reads anew which keys are parked. */
  look(): Promise<void>;
}
