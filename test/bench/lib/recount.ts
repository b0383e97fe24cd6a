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

/** Where one conversation stands: everything before `next` was seen, and some that were sent later. */
interface Line {
  next: number;
  readonly ahead: Set<number>;
}

/**
 * Counts what one looker saw, as it comes. `nth` counts the messages of a conversation in the order in which they were sent, from 0. A message
 * is out of order when one of its conversation that was sent later was seen before it.
 */
export class Tally {
  private readonly lines = new Map<string, Line>();
  private doubled = 0;
  private disordered = 0;
  /** Different messages seen. */
  seen = 0;

  take(conversation: string, nth: number): void {
    let line = this.lines.get(conversation);
    if (line === undefined) this.lines.set(conversation, (line = { next: 0, ahead: new Set() }));
    if (nth < line.next || line.ahead.has(nth)) {
      this.doubled++;
      return;
    }
    this.seen++;
    if (nth !== line.next) {
      if ([...line.ahead].some((later) => later > nth)) this.disordered++;
      line.ahead.add(nth);
      return;
    }
    if (line.ahead.size > 0) this.disordered++;
    line.next++;
    while (line.ahead.delete(line.next)) line.next++;
  }

  /** Against how many messages each conversation got. */
  result(sent: ReadonlyMap<string, number>): Counts {
    let lost = 0;
    for (const [conversation, count] of sent) {
      const line = this.lines.get(conversation);
      lost += count - (line?.next ?? 0) - (line?.ahead.size ?? 0);
    }
    return { lost, doubled: this.doubled, disordered: this.disordered };
  }
}

/** The same for what was kept in the order in which it was seen. */
export function recount(
  sent: ReadonlyMap<string, number>,
  seen: Iterable<{ readonly conversation: string; readonly nth: number }>,
): Counts {
  const tally = new Tally();
  for (const { conversation, nth } of seen) tally.take(conversation, nth);
  return tally.result(sent);
}
