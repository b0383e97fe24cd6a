import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What `npm test` sends of each; `npm run fuzz` says how many. */
const IN_TESTS = 5_000;

/** How many pushes (mails) of each, from which seed: FUZZ_COUNT and FUZZ_SEED, which `npm run fuzz` sets. Printed, so that it can be repeated. */
export function fuzzSettings(name: string): { readonly count: number; readonly seed: number } {
  const count = Number(process.env.FUZZ_COUNT || IN_TESTS);
  const seed = Number(process.env.FUZZ_SEED || Math.floor(Math.random() * 2 ** 31)) | 0;
  process.stderr.write(`  fuzz ${name}: ${count}, again by: npm run fuzz -- ${name} --seed ${seed} --count ${count}\n`);
  return { count, seed };
}

/** Memory in use after all garbage is gone, in MB: what is left is held by somebody. */
export function heldMemory(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1024 / 1024;
}
