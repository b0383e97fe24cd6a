import type { Dialect } from './database';

/**
 * One step of a schema, written for both dialects side by side under the same name. Ids sort by time: `20261123-01-conversations`.
 * An app lists its steps; the runner applies what is missing, under a lock, each step once, never edited after it landed.
 */
export interface SchemaStep {
  readonly id: string;
  readonly up: Readonly<Record<Dialect, readonly string[]>>;
}

/** The schema of one app (or of a lib for one app): all its tables begin with `prefix_`. */
export interface SchemaModule {
  readonly prefix: string;
  readonly steps: readonly SchemaStep[];
}
