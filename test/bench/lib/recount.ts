/** What went wrong in a run, counted; all zero, or the run is worth nothing. */
export interface Counts {
  readonly lost: number;
  readonly doubled: number;
  readonly disordered: number;
}

export const NOTHING_WRONG: Counts = { lost: 0, doubled: 0, disordered: 0 };

export const isRight = ({ lost, doubled, disordered }: Counts): boolean => lost + doubled + disordered === 0;

export function addCounts(all: readonly Counts[]): Counts {
  return all.reduce(
    (sum, one) => ({
      lost: sum.lost + one.lost,
      doubled: sum.doubled + one.doubled,
      disordered: sum.disordered + one.disordered,
    }),
    NOTHING_WRONG,
  );
}

/** One message as somebody saw it: `nth` counts the messages of its conversation in the order in which they were sent, from 0. */
export interface Seen {
  readonly conversation: string;
  readonly nth: number;
}

/**
 * Compares what was seen, in the order in which it was seen, with what was sent: `sent` is how many messages each conversation got. A message
 * is out of order when one of its conversation that was sent later was seen before it.
 */
export function recount(sent: ReadonlyMap<string, number>, seen: Iterable<Seen>): Counts {
  const met = new Map<string, Set<number>>();
  const last = new Map<string, number>();
  let [doubled, disordered] = [0, 0];
  for (const { conversation, nth } of seen) {
    const known = met.get(conversation) ?? new Set();
    met.set(conversation, known);
    if (known.has(nth)) {
      doubled++;
      continue;
    }
    known.add(nth);
    if (nth < (last.get(conversation) ?? -1)) disordered++;
    else last.set(conversation, nth);
  }
  let lost = 0;
  for (const [conversation, count] of sent) {
    const known = met.get(conversation);
    for (let nth = 0; nth < count; nth++) if (!known?.has(nth)) lost++;
  }
  return { lost, doubled, disordered };
}
