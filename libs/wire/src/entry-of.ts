/** A table's entry for a word from outside, which may be `constructor` or `__proto__`: what the table does not name has none. */
export function entryOf<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
