import BTree from 'sorted-btree';
import type { ItemState } from './entities';

const expiry = (item: ItemState): number => item.offer?.expiresAt ?? 0;

/** Items with an open offer, the one that lapses first in front. */
export class Deadlines {
  private readonly items = new BTree<ItemState, true>(
    undefined,
    (a, b) => expiry(a) - expiry(b) || (a === b ? 0 : a.conversationId < b.conversationId ? -1 : 1),
  );

  add(item: ItemState): void {
    this.items.set(item, true);
  }

  remove(item: ItemState): void {
    this.items.delete(item);
  }

  /** When the next offer lapses, ms; null when none is open. */
  next(): number | null {
    const first = this.items.minKey();
    return first === undefined ? null : expiry(first);
  }

  /** Those that have lapsed by now. */
  lapsed(now: number): ItemState[] {
    const lapsed: ItemState[] = [];
    for (const item of this.items.keys()) {
      if (expiry(item) > now) break;
      lapsed.push(item);
    }
    return lapsed;
  }
}
