import { createHash } from 'node:crypto';

/**
 * The members in the order in which `key` prefers them (rendezvous hashing): while the first lives everyone asks it, and when one
 * leaves only its own keys move.
 */
export function preferenceOf(key: string, members: readonly string[]): string[] {
  if (members.length < 2) return [...members];
  return members
    .map((member) => ({ member, weight: createHash('sha256').update(member).update('\n').update(key).digest('hex') }))
    .sort((a, b) => (a.weight < b.weight ? 1 : -1))
    .map(({ member }) => member);
}
