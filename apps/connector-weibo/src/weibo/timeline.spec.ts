import fc from 'fast-check';
import type { Entry } from './posts';
import { type AskPage, type Mark, MOST_AT_ONCE, readTimeline } from './timeline';

const BASE = 9_007_199_254_740_993n;
const T0 = Date.parse('2026-11-27T12:00:00.000Z');
const entry = (n: number, atMs: number): Entry<number> => ({ id: String(BASE + BigInt(n)), atMs, value: n });

/** A timeline as the platform pages it. */
function pages(all: readonly Entry<number>[], size: number): AskPage<number> {
  return (since, upTo) =>
    Promise.resolve(
      all
        .filter(({ id }) => BigInt(id) > BigInt(since) && (upTo === null || BigInt(id) <= BigInt(upTo)))
        .sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? 1 : -1))
        .slice(0, size),
    );
}

/** Reads until nothing more waits. */
async function drain(mark: Mark | null, ask: AskPage<number>, nowMs: number) {
  const values: number[] = [];
  for (let at = mark; ;) {
    const read = await readTimeline(at, ask, nowMs);
    values.push(...read.entries.map(({ value }) => value as number));
    at = read.mark;
    if (!read.more) return { values, mark: at };
  }
}

describe('a timeline', () => {
  it('gives everything once and in order, however much comes between two readings and whatever the page holds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 130 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 0, max: 300 }),
        async (arrivals, size, secondsApart) => {
          const all: Entry<number>[] = [];
          let nowMs = T0;
          let { mark, values } = await drain(null, pages(all, size), nowMs);
          for (const arrived of arrivals) {
            nowMs += secondsApart * 1000;
            for (let n = 0; n < arrived; n++) all.push(entry(all.length + 1, nowMs));
            const read = await drain(JSON.parse(JSON.stringify(mark)) as Mark, pages(all, size), nowMs);
            values = [...values, ...read.values];
            mark = read.mark;
          }
          expect(values).toEqual(all.map(({ value }) => value));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('read again from a mark that was not kept gives the same again: nothing is skipped', async () => {
    const all = [entry(1, T0), entry(2, T0)];
    const { mark } = await drain(null, pages([], 50), T0);
    const once = await readTimeline(mark, pages(all, 50), T0);
    const again = await readTimeline(mark, pages([...all, entry(3, T0)], 50), T0);
    expect([once.entries.length, again.entries.length]).toEqual([2, 3]);
  });

  it('takes in what shows up late, below what was there before', async () => {
    const first = await drain({ since: String(BASE), seen: [] }, pages([entry(5, T0)], 50), T0);
    const later = await drain(first.mark, pages([entry(3, T0), entry(5, T0)], 50), T0 + 60_000);
    expect([first.values, later.values]).toEqual([[5], [3]]);
    // In time it lets go of what it has seen.
    const settled = await drain(later.mark, pages([entry(3, T0), entry(5, T0)], 50), T0 + 300_000);
    expect(settled).toEqual({ values: [], mark: { since: String(BASE + 5n), seen: [] } });
  });

  it('the first time brings the last day, and begins there', async () => {
    const all = [entry(1, T0 - 48 * 3600_000), entry(2, T0 - 3600_000)];
    expect(await drain(null, pages(all, 50), T0)).toEqual({
      values: [2],
      mark: { since: String(BASE + 2n), seen: [] },
    });
  });

  it('of too much keeps the oldest and says that more waits', async () => {
    const all = Array.from({ length: MOST_AT_ONCE * 2 + 7 }, (_, n) => entry(n + 1, T0));
    const read = await readTimeline({ since: '0', seen: [] }, pages(all, 200), T0);
    expect([read.entries.length, read.entries.at(-1)?.value, read.more]).toEqual([MOST_AT_ONCE, MOST_AT_ONCE, true]);
    expect((await drain({ since: '0', seen: [] }, pages(all, 200), T0)).values).toEqual(all.map(({ value }) => value));
  });

  it('ends where an interface does not mind max_id', async () => {
    const all = [entry(1, T0), entry(2, T0)];
    const read = await readTimeline({ since: '0', seen: [] }, () => Promise.resolve(all), T0);
    expect(read.entries.map(({ value }) => value)).toEqual([1, 2]);
  });
});
