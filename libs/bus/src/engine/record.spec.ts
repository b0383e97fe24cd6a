import { TOPICS } from '@huiliu/contracts';
import { Entry, Window } from './record';

const entry = (n: number, value: string): Entry =>
  new Entry(TOPICS[0]!, 0, { offset: String(n), key: 'k', value, timestampMs: 0 });

describe('what is in hand of a partition', () => {
  it('knows how long its records are, and lets go of what is done', () => {
    const window = new Window();
    const entries = [10, 20, 30].map((length, n) => entry(n, 'x'.repeat(length)));
    for (const one of entries) window.push(one);
    expect([window.size, window.length]).toEqual([3, 60]);
    entries[1]!.done = true;
    expect(window.settle()).toBeNull();
    entries[0]!.done = true;
    expect(window.settle()).toBe(entries[1]);
    expect([window.size, window.length]).toEqual([1, 30]);
    expect([...window.open()]).toEqual([entries[2]]);
  });
});
