import { entryOf } from './entry-of';

describe('an entry of a table', () => {
  it('is what the table names, and nothing that every object has', () => {
    const table = { click: 1 };
    expect(entryOf(table, 'click')).toBe(1);
    for (const word of ['', 'view', 'constructor', '__proto__', 'toString', 'hasOwnProperty'])
      expect(entryOf(table, word)).toBeUndefined();
  });
});
