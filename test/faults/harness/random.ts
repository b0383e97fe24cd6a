/** Chance that can be repeated: the same seed gives the same faults at the same places. */
export class Random {
  private state: number;

  constructor(readonly seed: number) {
    this.state = seed >>> 0;
  }

  /** In [0, 1); mulberry32. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new Error('nothing to pick from');
    return from[this.between(0, from.length - 1)] as T;
  }

  shuffled<T>(list: readonly T[]): T[] {
    const out = [...list];
    for (let last = out.length - 1; last > 0; last--) {
      const other = this.between(0, last);
      [out[last], out[other]] = [out[other] as T, out[last] as T];
    }
    return out;
  }
}

/** A seed of this run's own, or the one in FAULTS_SEED; a test prints it so that it can be repeated. */
export function seeded(): Random {
  const given = process.env.FAULTS_SEED;
  return new Random(given ? Number(given) >>> 0 : Math.floor(Math.random() * 2 ** 32));
}
