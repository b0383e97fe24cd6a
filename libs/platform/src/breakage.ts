/**
 * Promises that the fault suite breaks on purpose, each at the one place that keeps it, to see that a test notices
 * (`docs/promises.md`). Named in `HUILIU_BREAK`, which production refuses; without it nothing here does anything.
 */
export const BREAKAGES = [] as const satisfies readonly string[];
export type Breakage = (typeof BREAKAGES)[number];

const broken: ReadonlySet<string> = new Set(
  process.env.NODE_ENV === 'production'
    ? []
    : (process.env.HUILIU_BREAK ?? '').split(',').filter((name) => name !== ''),
);

/** Whether this process is to break one of its promises. */
export function breaks(name: Breakage): boolean {
  return broken.size > 0 && broken.has(name);
}
