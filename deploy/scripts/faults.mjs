#!/usr/bin/env node
/**
 * `npm run faults -- [--minutes N] [--seed S] [--mode embedded|distributed]`: a random schedule of faults for N minutes in each mode,
 * with the recount at the end; the same seed gives the same schedule. `--prove [name]` breaks one promise after the other on purpose
 * and expects its test to notice. Exits non-zero when a promise did not hold, or was broken and nobody noticed.
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { main, Trouble } from './lib/console.mjs';
import { buildIfNeeded, checkNode } from './lib/launch.mjs';
import { ROOT, inRepo } from './lib/paths.mjs';

const USAGE = 'usage: npm run faults -- [--minutes N] [--seed S] [--mode embedded|distributed] | --prove [name]';
const MODES = ['embedded', 'distributed'];

/** Runs jest over fault tests, its output ours; answers its exit code. */
function jest(args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [inRepo('node_modules/jest/bin/jest.js'), '--runInBand', ...args], {
      cwd: ROOT,
      env: { ...process.env, NODE_ENV: 'test', ...env },
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
    options: {
      minutes: { type: 'string' },
      seed: { type: 'string' },
      mode: { type: 'string' },
      prove: { type: 'boolean' },
    },
  });
  if (values.prove) {
    await buildIfNeeded();
    process.exitCode = await jest(['--forceExit', '--selectProjects', 'faults', '--', 'test/faults/broken'], {
      FAULTS_PROVE: positionals[0] ?? 'all',
    });
    return;
  }
  const minutes = Number(values.minutes ?? 10);
  const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 32));
  if (!(minutes > 0) || !/^\d+$/.test(seed)) throw new Trouble(USAGE);
  if (values.mode !== undefined && !MODES.includes(values.mode)) throw new Trouble(USAGE);
  await buildIfNeeded();
  const env = { FAULTS_MINUTES: String(minutes), FAULTS_SEED: seed, FAULTS_MODE: values.mode ?? MODES.join(',') };
  process.exitCode = await jest(['--forceExit', '--selectProjects', 'faults', '--', 'test/faults/random'], env);
});
