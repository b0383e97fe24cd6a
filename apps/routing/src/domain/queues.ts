import BTree from 'sorted-btree';
import type { Priority } from '@huiliu/contracts';
import type { ItemState } from './entities';

const RANK: Record<Priority, number> = { urgent: 0, high: 1, normal: 2, low: 3 };

/** The queue of an item: its team's, or its account's. */
export function poolOf(item: Pick<ItemState, 'teamId' | 'accountId'>): string {
  return item.teamId === null ? `account:${item.accountId}` : `team:${item.teamId}`;
}

/** The order of a queue: priority, then age, then id. */
export function compareItems(a: ItemState, b: ItemState): number {
  return (
    RANK[a.priority] - RANK[b.priority] ||
    a.since - b.since ||
    (a.conversationId < b.conversationId ? -1 : 1) * +(a !== b)
  );
}

/** Waiting items by pool, best first. An item leaves before what it is ordered by changes. */
export class Queues {
  private readonly pools = new Map<string, BTree<ItemState, true>>();

  add(item: ItemState): void {
    const pool = poolOf(item);
    let queue = this.pools.get(pool);
    if (queue === undefined) this.pools.set(pool, (queue = new BTree<ItemState, true>(undefined, compareItems)));
    queue.set(item, true);
  }

  remove(item: ItemState): void {
    const pool = poolOf(item);
    const queue = this.pools.get(pool);
    queue?.delete(item);
    if (queue?.size === 0) this.pools.delete(pool);
  }

  /** The queues that are not empty: the first item, and all in their order. */
  *heads(): Iterable<{ readonly pool: string; readonly head: ItemState; readonly items: Iterable<ItemState> }> {
    for (const [pool, queue] of this.pools) yield { pool, head: queue.minKey()!, items: queue.keys() };
  }
}
