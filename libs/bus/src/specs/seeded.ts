import { randomBytes } from 'node:crypto';

/** What a run's random records come from; set it to repeat a run. */
export const SEED = Number(process.env.HUILIU_TEST_SEED ?? randomBytes(4).readUInt32BE());
let state = SEED;

/** A number below `limit`, the same for the same seed. */
export const below = (limit: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
};

/** A text of about that length, in letters of one to four bytes. */
export const text = (length: number): string => ['a', 'é', '汉', '😀'][below(4)]!.repeat(length) + 'x'.repeat(below(3));
