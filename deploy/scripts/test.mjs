#!/usr/bin/env node
/**
 * `npm test [-- <jest arguments>]`: everything that proves the product. Starts what the tests need, builds, runs them, stops only
 * what it started. A skipped test is a failure. The last line is the sum: `N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ensureChromium } from './lib/browser.mjs';
import { main, say, Trouble } from './lib/console.mjs';
import { ensureDovecot } from './lib/dovecot.mjs';
import { ensureFaketime } from './lib/faketime.mjs';
import { buildIfNeeded, checkNode } from './lib/launch.mjs';
import { CACHE, ROOT, inRepo } from './lib/paths.mjs';
import { run, startedAt } from './lib/processes.mjs';

const PREFIX = 'test-';
const folder = path.join(CACHE, `${PREFIX}${process.pid}-${startedAt(process.pid)?.replace(/\W+/g, '') ?? 'x'}`);
/** A failed test may leave something open that keeps jest alive; its results are written by then. */
const LINGER_MS = 15_000;
const NAMED = process.argv.slice(2).some((flag) => /^(-t|--testNamePattern)(=|$)/.test(flag));
const sum = { passed: 0, failed: 0 };

const services = (action, dir) =>
  run(process.execPath, [inRepo('deploy/scripts/services.mjs'), action, '--dir', dir], {
    stdio: ['ignore', 'pipe', 2],
  });

/** Ends every service recorded in a run's folder, those of single suites too, and removes it. */
async function clear(dir) {
  const folders = fs.readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const one of [dir, ...folders.map((entry) => path.join(dir, entry.name))]) {
    if (fs.existsSync(path.join(one, 'state.json'))) await services('down', one);
  }
  fs.rmSync(dir, { recursive: true, force: true });
}

/** What runs that were killed have left behind. */
async function sweep() {
  if (!fs.existsSync(CACHE)) return;
  for (const name of fs.readdirSync(CACHE).filter((entry) => entry.startsWith(PREFIX))) {
    const [pid, since] = name.slice(PREFIX.length).split('-');
    if (startedAt(Number(pid))?.replace(/\W+/g, '') === since) continue;
    await clear(path.join(CACHE, name));
  }
}

async function startServices() {
  const { code, stdout } = await services('up', folder);
  if (code !== 0) throw new Trouble('What the tests need could not be started; the reason is above.');
  const found = Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  return { KAFKA_BROKERS: found.KAFKA_BROKERS, HUILIU_TEST_MYSQL_URL: found.DATABASE_URL };
}

/** Runs jest over some projects and adds its numbers to the sum. A file that could not run, or a skipped test, counts as failed. */
async function jest(projects, flags, env) {
  const results = path.join(folder, `${projects.join('-')}.json`);
  const args = [
    ...process.argv.slice(2),
    '--ci',
    '--json',
    `--outputFile=${results}`,
    '--passWithNoTests',
    ...flags,
    '--selectProjects',
    ...projects,
  ];
  say(`Tests: ${projects.join(', ')}`);
  await new Promise((resolve, reject) => {
    // Only the JSON goes to stdout, and the same is in the file.
    const child = spawn(process.execPath, [inRepo('node_modules/jest/bin/jest.js'), ...args], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'ignore', 2],
    });
    child.once('error', reject);
    const late = setInterval(
      () => fs.existsSync(results) && setTimeout(() => child.kill('SIGKILL'), LINGER_MS).unref(),
      5000,
    );
    child.once('close', () => {
      clearInterval(late);
      resolve();
    });
    process.once('SIGINT', () => child.kill('SIGINT'));
    process.once('SIGTERM', () => child.kill('SIGTERM'));
  });
  if (!fs.existsSync(results)) {
    sum.failed += 1;
    return;
  }
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numRuntimeErrorTestSuites } = JSON.parse(
    fs.readFileSync(results, 'utf8'),
  );
  // Whoever names tests asks for no others.
  const skipped = NAMED ? 0 : numPendingTests + numTodoTests;
  if (skipped > 0) say(`${skipped} tests were skipped: a test that does not run proves nothing`);
  sum.passed += numPassedTests;
  sum.failed += numFailedTests + skipped + numRuntimeErrorTestSuites;
}

async function testEverything() {
  checkNode();
  fs.mkdirSync(folder, { recursive: true });
  await sweep();
  const { KAFKA_BROKERS, HUILIU_TEST_MYSQL_URL } = await startServices();
  const chromium = await ensureChromium();
  await ensureDovecot();
  const faketime = await ensureFaketime();
  await buildIfNeeded();
  const env = {
    ...process.env,
    KAFKA_BROKERS,
    HUILIU_TEST_MYSQL_URL,
    CHROMIUM_PATH: chromium,
    FAKETIME_LIBRARY: faketime,
    HUILIU_TEST_FOLDER: folder,
    NODE_ENV: 'test',
  };
  for (const name of ['DATABASE_URL', 'BUS', 'PORT', 'HUILIU_DATA', 'HUILIU_MASTER_KEY']) delete env[name];
  // Each file has databases and topics of its own.
  await jest(['unit'], ['--maxWorkers=2'], env);
  await jest(['fuzz'], ['--runInBand'], env);
  // Whole systems, each of several processes: one at a time.
  await jest(['e2e'], ['--runInBand'], env);
  // Two of these wait more than they work.
  const order = `--testSequencer=${inRepo('deploy/scripts/lib/longest-first.cjs')}`;
  await jest(['conformance'], ['--maxWorkers=2', order], env);
  await jest(['faults'], ['--runInBand'], env);
}

await main(async () => {
  try {
    await testEverything();
  } catch (error) {
    sum.failed += 1;
    throw error;
  } finally {
    await clear(folder);
    if (sum.failed > 0 || sum.passed === 0) process.exitCode = 1;
  }
});
// Whatever happened, the sum comes last.
process.stdout.write(`${sum.passed} passed, ${sum.failed} failed\n`);
