import { execFile } from 'node:child_process';
import path from 'node:path';
import { INBOX_EVENTS } from '@huiliu/contracts';
import type { Breakage } from '@huiliu/platform';
import { seeded, type Random } from './harness/random';
import { say } from './harness/say';
import { distributedWorld, embeddedWorld, type DistributedWorld, type World } from './harness/world';
import { everythingTwice, oneProcessKilled } from './parts/killed';
import { answersSwallowed, spoolingKilled } from './parts/network';
import { movedToOthers, pagesComeBack, slowPage } from './parts/screens';

jest.setTimeout(240_000);

const ROOT = path.resolve(__dirname, '../..');
const FEW = { conversations: 20, messagesEach: 15, answersEach: 2, perSecond: 60 };

/** A scene, played while a promise is broken, and by which words it must complain. */
interface Proof<W> {
  readonly breakage: Breakage;
  readonly env?: Readonly<Record<string, string>>;
  readonly play: (world: W, random: Random) => Promise<string[]>;
  readonly symptom: RegExp;
}

const EMBEDDED: readonly Proof<World>[] = [
  {
    breakage: 'ack-before-durable',
    play: (world, random) => oneProcessKilled(world, random, FEW, 2),
    symptom: /customers, stored: .* misses/,
  },
  {
    breakage: 'dedupe',
    play: everythingTwice,
    symptom: /customers, stored: .* twice/,
  },
  {
    breakage: 'resume-position',
    play: (world, random) => pagesComeBack(world, random, 5),
    symptom: /pages of agents: .* misses/,
  },
  { breakage: 'slow-page', play: slowPage, symptom: /pages of agents: .* misses|closed with nothing/ },
];

/** Those that show only where the parts are processes. */
const DISTRIBUTED: readonly Proof<DistributedWorld>[] = [
  {
    breakage: 'tail-doubles',
    play: (world, random) => answersSwallowed(world, random, 2, INBOX_EVENTS.name),
    symptom: /pages of .* twice/,
  },
  { breakage: 'spool-fsync', play: spoolingKilled, symptom: /customers, stored: .* misses/ },
  {
    breakage: 'permission-when-sent',
    env: { INSTANCES: 'inbox=2' },
    play: movedToOthers,
    symptom: /no longer its own/,
  },
];

/** What a test of one part notices by itself. */
const BY_SPEC: readonly { readonly breakage: Breakage; readonly spec: string }[] = [
  { breakage: 'assignment-version', spec: 'apps/inbox/src/consumers/specs/decisions.spec.ts' },
  { breakage: 'cursor-before-publish', spec: 'libs/connector-kit/src/runtimes/pulling.spec.ts' },
  { breakage: 'relay-cursor', spec: 'libs/storage/src/specs/mariadb.mysql.spec.ts' },
  { breakage: 'unknown-resent', spec: 'libs/connector-kit/src/outbound/outbound.spec.ts' },
];

async function noticed<W>(proof: Proof<W>, world: W): Promise<void> {
  const random = seeded();
  say(`broken on purpose: ${proof.breakage} — seed ${random.seed}`);
  expect(await proof.play(world, random)).toContainEqual(expect.stringMatching(proof.symptom));
}

describe('a broken promise is noticed, one process', () => {
  it.each(EMBEDDED)('$breakage', async (proof) => {
    const world = await embeddedWorld({ HUILIU_BREAK: proof.breakage });
    try {
      await noticed(proof, world);
    } finally {
      await world.stop();
    }
  });
});

describe('a broken promise is noticed, a process per app', () => {
  it.each(DISTRIBUTED)('$breakage', async (proof) => {
    const world = await distributedWorld({ ...proof.env, HUILIU_BREAK: proof.breakage });
    try {
      await noticed(proof, world);
    } finally {
      await world.stop();
    }
  });
});

describe('a broken promise is noticed by the test of its part', () => {
  it.each(BY_SPEC)('$breakage', async ({ breakage, spec }) => {
    const args = ['node_modules/jest/bin/jest.js', '--forceExit', '--json', '--selectProjects', 'unit', '--', spec];
    const run = (env: Record<string, string>): Promise<{ passed: number; failed: number }> =>
      new Promise((resolve, reject) =>
        execFile(
          process.execPath,
          args,
          { cwd: ROOT, env: { ...process.env, ...env }, maxBuffer: 64 << 20 },
          (_, out) => {
            try {
              const { numPassedTests, numFailedTests } = JSON.parse(out) as Record<string, number>;
              resolve({ passed: numPassedTests ?? 0, failed: numFailedTests ?? 0 });
            } catch (error) {
              reject(error instanceof Error ? error : new Error(String(error)));
            }
          },
        ),
      );
    const broken = await run({ HUILIU_BREAK: breakage });
    say(`broken on purpose: ${breakage}: ${broken.failed} of ${broken.failed + broken.passed} tests of ${spec} fail`);
    expect(broken.failed).toBeGreaterThan(0);
    // They fail for that reason only: the others of the same file run.
    expect(broken.passed).toBeGreaterThan(0);
  });
});
