import { recount } from './lib/recount';

const seen = (...nths: number[]) => nths.map((nth) => ({ conversation: 'a', nth }));
const sent = new Map([['a', 4]]);

test('what was seen once and in order is right', () => {
  expect(recount(sent, seen(0, 1, 2, 3))).toEqual({ lost: 0, doubled: 0, disordered: 0 });
});

test('a message that never came is lost, wherever it was missing', () => {
  expect(recount(sent, seen(0, 1, 3))).toEqual({ lost: 1, doubled: 0, disordered: 0 });
  expect(recount(sent, seen(0, 1, 2))).toEqual({ lost: 1, doubled: 0, disordered: 0 });
  expect(recount(new Map([['b', 2]]), [])).toEqual({ lost: 2, doubled: 0, disordered: 0 });
});

test('a message that came twice is doubled, in turn or ahead of its turn', () => {
  expect(recount(sent, seen(0, 0, 1, 2, 3))).toMatchObject({ lost: 0, doubled: 1 });
  expect(recount(sent, seen(0, 2, 2, 3)).doubled).toBe(1);
});

test('a message that came after a later one is out of order', () => {
  expect(recount(sent, seen(0, 2, 1, 3))).toEqual({ lost: 0, doubled: 0, disordered: 1 });
  expect(recount(sent, seen(3, 2, 1, 0)).disordered).toBe(3);
});

test('conversations do not disturb each other', () => {
  const both = new Map([
    ['a', 2],
    ['b', 2],
  ]);
  const mixed = [
    { conversation: 'a', nth: 0 },
    { conversation: 'b', nth: 0 },
    { conversation: 'b', nth: 1 },
    { conversation: 'a', nth: 1 },
  ];
  expect(recount(both, mixed)).toEqual({ lost: 0, doubled: 0, disordered: 0 });
});
