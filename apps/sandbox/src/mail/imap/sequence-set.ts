import { BadCommand } from './command-parser';

const MAX_PARTS = 1000;
const PART = /^(\d{1,10}|\*)(?::(\d{1,10}|\*))?$/;

/** The numbers that a set like `1:3,7,9:*` names; `*` is `last`. Throws `BadCommand`. */
export function parseSet(text: string, last: number): (n: number) => boolean {
  const parts = text.split(',');
  if (parts.length > MAX_PARTS) throw new BadCommand('too many ranges');
  const number = (word: string): number => {
    if (word === '*') return last;
    const n = Number(word);
    if (n < 1 || n >= 2 ** 32) throw new BadCommand('not a message number');
    return n;
  };
  const ranges = parts.map((part) => {
    const match = PART.exec(part);
    if (match === null) throw new BadCommand('expected a set of message numbers');
    const [a, b] = [number(match[1]!), number(match[2] ?? match[1]!)];
    return [Math.min(a, b), Math.max(a, b)] as const;
  });
  return (n) => ranges.some(([from, to]) => n >= from && n <= to);
}
