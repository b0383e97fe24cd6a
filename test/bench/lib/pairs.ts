/** One measurement: how many units a second. */
export interface Rate {
  readonly rate: number;
}

export interface Pairs<F extends Rate, S extends Rate> {
  readonly floors: readonly F[];
  readonly systems: readonly S[];
  readonly floor: number;
  readonly system: number;
  readonly ratio: number;
  readonly range: readonly [number, number];
  readonly ratios: readonly number[];
}

/** Rule 1: floor and system in turn, F, S, F, S …; what disturbs the machine disturbs both. The median of the ratios counts. */
export async function interleave<F extends Rate, S extends Rate>(
  pairs: number,
  floor: (nth: number) => Promise<F>,
  system: (nth: number) => Promise<S>,
): Promise<Pairs<F, S>> {
  const floors: F[] = [];
  const systems: S[] = [];
  for (let nth = 0; nth < pairs; nth++) {
    floors.push(await floor(nth));
    systems.push(await system(nth));
  }
  const ratios = floors.map(({ rate }, nth) => systems[nth]!.rate / rate);
  const sorted = [...ratios].sort((a, b) => a - b);
  return {
    floors,
    systems,
    floor: median(floors.map(({ rate }) => rate)),
    system: median(systems.map(({ rate }) => rate)),
    ratio: median(ratios),
    range: [sorted[0] ?? 0, sorted.at(-1) ?? 0],
    ratios,
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
