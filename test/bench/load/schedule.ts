/** A small generator of chance with a seed (mulberry32): the same seed, the same run. */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Who writes when: the nth arrival is due at `dueMs[n]` after the start and is visitor `visitor[n]`'s `nth[n]`th message. */
export interface Schedule {
  readonly dueMs: Float64Array;
  readonly visitor: Uint32Array;
  readonly nth: Uint32Array;
}

/** Poisson arrivals at a rate for so long, by visitors drawn at random. `first` is how many messages each visitor has sent before. */
export function poisson(options: {
  readonly perSecond: number;
  readonly seconds: number;
  readonly visitors: number;
  readonly seed: number;
  readonly first: readonly number[];
}): Schedule {
  const { perSecond, seconds, visitors, seed } = options;
  const draw = chance(seed);
  const dueMs: number[] = [];
  const visitor: number[] = [];
  const nth: number[] = [];
  const next = [...options.first];
  for (let at = 0; ;) {
    at += (-Math.log(1 - draw()) * 1000) / perSecond;
    if (at >= seconds * 1000) break;
    const who = Math.floor(draw() * visitors);
    dueMs.push(at);
    visitor.push(who);
    nth.push(next[who] ?? 0);
    next[who] = (next[who] ?? 0) + 1;
  }
  return { dueMs: Float64Array.from(dueMs), visitor: Uint32Array.from(visitor), nth: Uint32Array.from(nth) };
}
