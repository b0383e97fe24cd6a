#!/usr/bin/env node
/**
 * `npm run faults -- [--minutes N] [--seed S] [--mode embedded|distributed]`: a random schedule of faults for N minutes in each mode,
 * with the recount at the end; the same seed gives the same schedule. `npm run faults -- --prove [name]` breaks one promise after the
 * other on purpose (or the one named) and expects its test to notice. Exits non-zero when a promise did not hold, or was broken and
 * nobody noticed.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { main, Trouble } from './lib/console.mjs';
import { ensureFaketime } from './lib/faketime.mjs';
import { buildIfNeeded, checkNode } from './lib/launch.mjs';
import { ROOT, inRepo } from './lib/paths.mjs';
import { run } from './lib/processes.mjs';

const USAGE = 'usage: npm run faults -- [--minutes N] [--seed S] [--mode embedded|distributed] | --prove [name]';
const MODES = ['embedded', 'distributed'];

/** Runs jest over fault tests, its output ours; answers its exit code. */
function jest(args, env) {
  return new Promise((resolve, reject) => {
    const fixed = [inRepo('node_modules/jest/bin/jest.js'), '--runInBand', '--forceExit'];
    const child = spawn(process.execPath, [...fixed, ...args], {
      cwd: ROOT,
      env: { ...process.env, NODE_ENV: 'test', ...env },
      stdio: 'inherit',
    });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => child.kill(signal));
  });
}

const services = (action, folder) =>
  run(process.execPath, [inRepo('deploy/scripts/services.mjs'), action, '--dir', folder], {
    stdio: ['ignore', 'pipe', 2],
    env: { ...process.env, KAFKA_BROKERS: '', DATABASE_URL: '' },
  });

/** Each promise broken in turn. Some are noticed by the test of their part, which needs a broker and a database. */
async function prove(name) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'huiliu-proofs-'));
  try {
    const { code, stdout } = await services('up', folder);
    if (code !== 0) throw new Trouble('What the proofs need could not be started; the reason is above.');
    const found = Object.fromEntries(
      stdout
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    const env = {
      KAFKA_BROKERS: found.KAFKA_BROKERS,
      HUILIU_TEST_MYSQL_URL: found.DATABASE_URL,
      HUILIU_TEST_FOLDER: folder,
      FAKETIME_LIBRARY: await ensureFaketime(),
      // Those that play a whole scene; `npm test` plays some of them.
      FAULTS_PROVE: 'all',
    };
    const named = name === undefined ? [] : ['-t', name];
    return await jest(['--selectProjects', 'proofs', 'faults', ...named, '--', 'test/faults/(noticed|broken)'], env);
  } finally {
    await services('down', folder);
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function atRandom({ minutes: minutesText = '10', seed = String(Math.floor(Math.random() * 2 ** 32)), mode }) {
  const minutes = Number(minutesText);
  if (!(minutes > 0) || !/^\d+$/.test(seed)) throw new Trouble(USAGE);
  if (mode !== undefined && !MODES.includes(mode)) throw new Trouble(USAGE);
  const env = { FAULTS_MINUTES: String(minutes), FAULTS_SEED: seed, FAULTS_MODE: mode ?? MODES.join(',') };
  return jest(['--selectProjects', 'faults', '--', 'test/faults/random'], env);
}

await main(async () => {
  checkNode();
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      minutes: { type: 'string' },
      seed: { type: 'string' },
      mode: { type: 'string' },
      prove: { type: 'boolean', default: false },
    },
  });
  if (positionals.length > (values.prove ? 1 : 0)) throw new Trouble(USAGE);
  await buildIfNeeded();
  process.exitCode = values.prove ? await prove(positionals[0]) : await atRandom(values);
});
