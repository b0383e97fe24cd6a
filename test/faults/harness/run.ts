import { seeded, type Random } from './random';
import { say } from './say';

/** A fault test: with a seed that it prints, and that FAULTS_SEED repeats. */
export function faultTest(name: string, run: (random: Random) => Promise<void>, timeoutMs = 240_000): void {
  it(
    name,
    async () => {
      const random = seeded();
      const startedMs = Date.now();
      say(`${name} — seed ${random.seed}`);
      await run(random);
      say(`  took ${Math.round((Date.now() - startedMs) / 1000)} s`);
    },
    timeoutMs,
  );
}
