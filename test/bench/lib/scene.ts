import type { SceneResult } from './result';

export interface SceneOptions {
  /** About how long the scene measures, set-up apart. */
  readonly seconds: number;
  /** What everything that is left to chance is drawn from. */
  readonly seed: number;
}

export type Scene = (options: SceneOptions) => Promise<SceneResult>;

/** At least so many pairs of floor and system. */
export const PAIRS = 5;

/** Says what is being done; stdout belongs to the table. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks again and again until it answers true; false when it has not within the time. */
export async function until(ask: () => Promise<boolean>, withinMs: number, everyMs = 50): Promise<boolean> {
  const end = Date.now() + withinMs;
  while (Date.now() < end) {
    if (await ask()) return true;
    await pause(everyMs);
  }
  return false;
}

export const round = (value: number, digits = 1): number => Math.round(value * 10 ** digits) / 10 ** digits;
