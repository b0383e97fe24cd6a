import fc from 'fast-check';
import { heldOrder } from './held-order';

describe('heldOrder', () => {
  it('keeps what is shown in place while held and follows when let go', () => {
    expect(heldOrder(['a', 'b', 'c'], ['c', 'n', 'a', 'b'], true)).toEqual(['a', 'b', 'c', 'n']);
    expect(heldOrder(['a', 'b', 'c'], ['c', 'n', 'a', 'b'], false)).toEqual(['c', 'n', 'a', 'b']);
  });

  it('always shows exactly what belongs to the list', () => {
    const ids = fc.uniqueArray(fc.constantFrom(...'abcdefgh'));
    fc.assert(
      fc.property(ids, ids, fc.boolean(), (shown, wanted, held) => {
        expect([...heldOrder(shown, wanted, held)].sort()).toEqual([...wanted].sort());
      }),
    );
  });
});
