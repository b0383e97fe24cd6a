import { z } from 'zod';
import { isAfter } from './ids';
import type { Entry } from './posts';

/**
 * How far a timeline was read: everything up to `since` has been published, and of what came after it, `seen`. Entries may appear in a
 * timeline a little late, below ones that were there before: so `since` stays behind by `LATE_MS`.
 */
export const Mark = z.object({ since: z.string(), seen: z.array(z.string()) });
export type Mark = z.infer<typeof Mark>;

/** One page, newest first: ids above `since` and, where given, up to `upTo`. */
export type AskPage<T> = (since: string, upTo: string | null) => Promise<readonly Entry<T>[]>;

export interface Read<T> {
  /** What is new, oldest first. */
  readonly entries: readonly Entry<T>[];
  readonly mark: Mark;
  /** More waits above these. */
  readonly more: boolean;
}

const LATE_MS = 120_000;
const MOST_SEEN = 500;
/** The first time, what was said so recently is brought in: older things have been answered elsewhere. */
const FIRST_MS = 24 * 3600_000;
/** At most so many entries at once; the oldest of what waits. */
export const MOST_AT_ONCE = 2_000;

const byAge = (a: { id: string }, b: { id: string }): number => (a.id === b.id ? 0 : isAfter(a.id, b.id) ? 1 : -1);
const below = (id: string): string => String(BigInt(id) - 1n);

/**
 * Reads what is new in a timeline. Pages go from the newest to the oldest, so all of them are asked for before anything is published; of
 * more than `MOST_AT_ONCE` only the oldest are kept, and the next reading goes on above them. So the order of a conversation holds, memory is
 * bounded, and nothing between two readings is left out.
 */
export async function readTimeline<T>(mark: Mark | null, ask: AskPage<T>, nowMs: number): Promise<Read<T>> {
  if (mark === null) return first(await ask('0', null), nowMs);
  const seen = new Set(mark.seen);
  let found: Entry<T>[] = [];
  const again: Entry<T>[] = [];
  let more = false;
  let upTo: string | null = null;
  for (;;) {
    const page: readonly Entry<T>[] = await ask(mark.since, upTo);
    const fresh = page.filter(({ id }) => isAfter(id, mark.since) && (upTo === null || !isAfter(id, upTo)));
    // Also the end where an interface does not mind `max_id`: it has nothing lower to say.
    const lowest = [...fresh].sort(byAge)[0];
    if (lowest === undefined) break;
    found = [...found, ...fresh.filter(({ id }) => !seen.has(id))];
    again.push(...fresh.filter(({ id }) => seen.has(id)));
    if (found.length > MOST_AT_ONCE) {
      found = found.sort(byAge).slice(0, MOST_AT_ONCE);
      more = true;
    }
    upTo = below(lowest.id);
    if (!isAfter(upTo, mark.since)) break;
  }
  const entries = inOrder(found);
  return { entries, mark: moved(mark, entries, again, nowMs), more };
}

/** Each once, the oldest first. */
export function inOrder<T>(entries: readonly Entry<T>[]): Entry<T>[] {
  return [...new Map(entries.map((entry) => [entry.id, entry])).values()].sort(byAge);
}

function first<T>(page: readonly Entry<T>[], nowMs: number): Read<T> {
  const all = [...page].sort(byAge);
  const entries = all.filter(({ atMs }) => atMs !== null && nowMs - atMs < FIRST_MS);
  const older = all.filter((entry) => !entries.includes(entry)).at(-1)?.id ?? '0';
  return { entries, mark: moved({ since: older, seen: [] }, entries, [], nowMs), more: false };
}

/** The mark once `entries` are published: it passes them, and what was seen `again`, where they are so old that nothing comes in below them any more. */
function moved<T>(mark: Mark, entries: readonly Entry<T>[], again: readonly Entry<T>[], nowMs: number): Mark {
  const known = [...mark.seen, ...entries.map(({ id }) => id)].sort((a, b) => byAge({ id: a }, { id: b }));
  const settled = [...again, ...entries]
    .filter(({ atMs }) => atMs === null || nowMs - atMs >= LATE_MS)
    .map(({ id }) => id);
  const crowded = known.length > MOST_SEEN ? [known[known.length - MOST_SEEN - 1] as string] : [];
  const since = [mark.since, ...settled, ...crowded].reduce((a, b) => (isAfter(b, a) ? b : a));
  return { since, seen: known.filter((id) => isAfter(id, since)) };
}
