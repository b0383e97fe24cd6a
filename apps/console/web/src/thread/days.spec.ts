import { aMessage } from '../inbox/fixtures';
import { linesOf } from './days';

describe('linesOf', () => {
  it('puts a heading before the first message and where the day changes', () => {
    const at = (id: string, seq: number, local: Date) => aMessage({ id, seq, createdAt: local.toISOString() });
    const lines = linesOf([
      at('a', 1, new Date(2026, 10, 22, 23, 59)),
      at('b', 2, new Date(2026, 10, 23, 0, 1)),
      at('c', 3, new Date(2026, 10, 23, 9, 0)),
    ]);
    expect(lines.map((line) => line.key)).toEqual(['day-a', 'a', 'day-b', 'b', 'c']);
  });
});
