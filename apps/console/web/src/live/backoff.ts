const FIRST_MS = 500;
const MOST_MS = 15_000;

/** How long to wait before the n-th try in a row (from 0): doubling, capped, spread by half so that pages do not come back at once. */
export function backoffMs(attempt: number, random: () => number): number {
  const full = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(full * (0.5 + random() * 0.5));
}
