/** How long the engine waits for what. One set for both buses; tests shorten it. */
export interface EngineTiming {
  /** Waits between the tries of a failing event while its key is held; there is one try more than there are waits. */
  readonly holdDelaysMs: readonly number[];
  /** A key that has waited so long is parked, however many tries it had. */
  readonly holdAtMostMs: number;
  /** The first wait of a parked event and the longest; each failure doubles it. */
  readonly parkedFirstMs: number;
  readonly parkedAtMostMs: number;
  /** How often parked rows are looked at again: another process may have been told to replay or discard one. */
  readonly parkedPollMs: number;
  /** Waits after the database or the broker failed. */
  readonly pauseFirstMs: number;
  readonly pauseAtMostMs: number;
  /** The most records of one partition in memory. */
  readonly buffered: number;
  /** What was passed over is written down so much later (embedded); after a crash it is passed over again. */
  readonly passedAfterMs: number;
}

export const DEFAULT_TIMING: EngineTiming = {
  holdDelaysMs: [100, 300, 900, 2700],
  holdAtMostMs: 10_000,
  parkedFirstMs: 5_000,
  parkedAtMostMs: 15 * 60_000,
  parkedPollMs: 2_000,
  pauseFirstMs: 200,
  pauseAtMostMs: 5_000,
  buffered: 4_000,
  passedAfterMs: 5_000,
};

/** How often a failing event is tried before it is parked. */
export const holdAttempts = (timing: EngineTiming): number => timing.holdDelaysMs.length + 1;

/** The wait after the nth failure of a parked event: quick at first for an event that only now came to the head of its key. */
export function parkedDelayMs(timing: EngineTiming, attempts: number): number {
  const quick = timing.holdDelaysMs[attempts - 1];
  if (quick !== undefined) return quick;
  return Math.min(timing.parkedFirstMs * 2 ** Math.min(attempts - holdAttempts(timing), 20), timing.parkedAtMostMs);
}

/** The wait after the nth failure in a row of the database or the broker. */
export function pauseDelayMs(timing: EngineTiming, failures: number): number {
  return Math.min(timing.pauseFirstMs * 2 ** Math.min(failures - 1, 20), timing.pauseAtMostMs);
}
