import type { Fault, FaultOrder } from './control-shapes';

/** The faults that were ordered for one account and have not been suffered yet. */
export class Faults {
  private readonly orders = new Map<Fault, { left: number; ms: number; path: string | undefined }>();

  order({ fault, times, ms, path }: FaultOrder): void {
    if (times === 0) this.orders.delete(fault);
    else this.orders.set(fault, { left: times, ms, path });
  }

  /** Uses one up; null where none was ordered. */
  take(fault: Fault, path = ''): { ms: number } | null {
    const order = this.orders.get(fault);
    if (order === undefined || (order.path !== undefined && !path.includes(order.path))) return null;
    if (--order.left === 0) this.orders.delete(fault);
    return { ms: order.ms };
  }

  list(): { fault: Fault; left: number }[] {
    return [...this.orders].map(([fault, { left }]) => ({ fault, left }));
  }
}
