/** The floor of `routing`: the longest waiting is popped off a heap and written into a map, and another begins to wait. */
import { serveNotes, tell, type Note } from '../lib/child';
import { Latencies } from '../lib/histogram';
import { ROUTING_WARM_UP, type RoutingRun, type RoutingSize } from '../lib/routing-crowd';

interface Waiting {
  readonly id: number;
  readonly since: number;
}

/** A binary heap of who waits, the longest first. */
class Heap {
  private readonly items: Waiting[] = [];

  push(item: Waiting): void {
    const { items } = this;
    let at = items.push(item) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (items[up]!.since <= item.since) break;
      items[at] = items[up]!;
      at = up;
    }
    items[at] = item;
  }

  pop(): Waiting {
    const { items } = this;
    const first = items[0]!;
    const last = items.pop()!;
    if (items.length === 0) return first;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= items.length) break;
      if (down + 1 < items.length && items[down + 1]!.since < items[down]!.since) down++;
      if (items[down]!.since >= last.since) break;
      items[at] = items[down]!;
      at = down;
    }
    items[at] = last;
    return first;
  }
}

function go(note: Note): void {
  const { agents, waiting } = note.size as RoutingSize;
  const decisions = note.decisions as number;
  const heap = new Heap();
  const owner = new Map<number, number>();
  for (let id = 0; id < waiting; id++) heap.push({ id, since: id });
  const latencies = new Latencies();
  let startedMs = performance.now();
  for (let nth = -ROUTING_WARM_UP; nth < decisions; nth++) {
    if (nth === 0) startedMs = performance.now();
    const began = performance.now();
    const item = heap.pop();
    owner.set(item.id, (nth + ROUTING_WARM_UP) % agents);
    heap.push({ id: item.id + waiting, since: item.since + waiting });
    if (nth >= 0) latencies.record(performance.now() - began);
  }
  const ms = performance.now() - startedMs;
  const { p50Ms, p99Ms, maxMs } = latencies.summary();
  const run: RoutingRun = {
    decisions,
    ms,
    p50Ms: p50Ms ?? 0,
    p99Ms: p99Ms ?? 0,
    maxMs: maxMs ?? 0,
    lost: 0,
    doubled: 0,
    disordered: 0,
  };
  tell({ type: 'done', ...run });
}

serveNotes({ go });
tell({ type: 'ready' });
