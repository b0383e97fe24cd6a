/** The index of the first of an ascending list that lies after a position; its length where none does. */
export function firstAfter<T>(ordered: readonly T[], position: number, placeOf: (one: T) => number): number {
  let low = 0;
  let high = ordered.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (placeOf(ordered[middle]!) > position) high = middle;
    else low = middle + 1;
  }
  return low;
}
