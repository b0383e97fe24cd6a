import fc from 'fast-check';
import { nextOf } from './lane';

const queues = fc
  .array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), { maxLength: 60 })
  .map((keys) => keys.map((key, nth) => ({ key, nth })));

test('batches take everything once, each key in its order, and begin with what has waited longest', () => {
  fc.assert(
    fc.property(queues, fc.integer({ min: 1, max: 20 }), (queue, most) => {
      const order: { key: string; nth: number }[] = [];
      let left: readonly { key: string; nth: number }[] = queue;
      while (left.length > 0) {
        const next = nextOf(left, most);
        expect(next.taken).toHaveLength(Math.min(most, left.length));
        expect(next.taken[0]).toBe(left[0]);
        order.push(...next.taken);
        left = next.left;
      }
      expect([...order].sort((a, b) => a.nth - b.nth)).toEqual(queue);
      for (const key of new Set(queue.map((entry) => entry.key))) {
        const mine = order.filter((entry) => entry.key === key).map(({ nth }) => nth);
        expect(mine).toEqual([...mine].sort((a, b) => a - b));
      }
    }),
  );
});

test('of a long queue few keys are taken, with all that waits of them; of a short one all', () => {
  const queue = Array.from({ length: 100 }, (_, nth) => ({ key: `k${nth % 10}`, nth }));
  expect(new Set(nextOf(queue, 30).taken.map(({ key }) => key))).toEqual(new Set(['k0', 'k1', 'k2']));
  expect(nextOf(queue, 100)).toEqual({ taken: queue, left: [] });
});
