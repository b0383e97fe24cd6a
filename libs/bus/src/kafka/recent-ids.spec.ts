import fc from 'fast-check';
import { RecentIds } from './recent-ids';

test('an id is known while it is among the last that were added, whatever others look like', () => {
  // Few endings, so that many share a place.
  const ids = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 9 })).map(([a, b]) => `${a}-some-letters-${b}`),
    { maxLength: 300 },
  );
  fc.assert(
    fc.property(ids, fc.integer({ min: 1, max: 12 }), (said, size) => {
      const recent = new RecentIds(size);
      let kept: string[] = [];
      for (const id of said) {
        expect(recent.add(id)).toBe(!kept.includes(id));
        if (!kept.includes(id)) kept = [...kept, id].slice(-size);
      }
    }),
  );
});
