#!/usr/bin/env node
/**
 * `npm run fuzz [-- <name>] [--count N] [--seed S]`: 100,000 hostile pushes to every connector that takes webhooks, and hostile mails to the
 * mailbox (or to the one that is named: a channel, `email`). The seed is printed; with the same seed and count the same comes again. Exits
 * non-zero when anything crashed, was answered with a 5xx, was taken though nobody signed it, or stayed in memory.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { main, Trouble } from './lib/console.mjs';
import { checkNode } from './lib/launch.mjs';
import { ROOT, inRepo } from './lib/paths.mjs';

const USAGE = 'usage: npm run fuzz [-- <channel>] [--count N] [--seed S]';
const COUNT = 100_000;

/** `email.fuzz.ts` answers to its own name; the channels of webhooks share a file. */
function fileOf(name) {
  if (name === undefined) return 'test/fuzz/';
  return fs.existsSync(inRepo(`test/fuzz/${name}.fuzz.ts`)) ? `test/fuzz/${name}.fuzz` : 'test/fuzz/webhooks.fuzz';
}

function jest(name, count, seed) {
  const args = ['--runInBand', '--forceExit', '--selectProjects', 'fuzz', '--', fileOf(name)];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [inRepo('node_modules/jest/bin/jest.js'), ...args], {
      cwd: ROOT,
      env: { ...process.env, NODE_ENV: 'test', FUZZ_COUNT: count, FUZZ_SEED: seed, FUZZ_ONLY: name ?? '' },
      stdio: 'inherit',
    });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => child.kill(signal));
  });
}

await main(async () => {
  checkNode();
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { count: { type: 'string', default: String(COUNT) }, seed: { type: 'string', default: '' } },
  });
  const { count, seed } = values;
  if (positionals.length > 1 || !/^[1-9]\d*$/.test(count) || !/^\d*$/.test(seed)) throw new Trouble(USAGE);
  process.exitCode = await jest(positionals[0], count, seed);
});
