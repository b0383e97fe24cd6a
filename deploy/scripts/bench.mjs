#!/usr/bin/env node
/**
 * `npm run bench [-- --scene <name> --seconds N --seed S]`: measures the product against floors on this machine. Each scene starts a broker, a
 * database and the product of its own and stops them again; `bench/results/<scene>.json` keeps what it found.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { main } from './lib/console.mjs';
import { buildIfNeeded, checkNode } from './lib/launch.mjs';
import { CACHE, ROOT, inRepo } from './lib/paths.mjs';
import { run } from './lib/processes.mjs';

const folder = path.join(CACHE, `bench-${process.pid}`);

/** Ends services that a harness which was killed has left behind. */
async function clear() {
  for (const name of fs.readdirSync(folder)) {
    const dir = path.join(folder, name);
    if (!fs.existsSync(path.join(dir, 'state.json'))) continue;
    await run(process.execPath, [inRepo('deploy/scripts/services.mjs'), 'down', '--dir', dir]);
  }
  fs.rmSync(folder, { recursive: true, force: true });
}

await main(async () => {
  checkNode();
  await buildIfNeeded('bench');
  fs.mkdirSync(folder, { recursive: true });
  try {
    const env = { ...process.env, HUILIU_BENCH_FOLDER: folder, HUILIU_BENCH_ROOT: ROOT };
    const harness = spawn(
      process.execPath,
      ['--enable-source-maps', inRepo('dist/test/bench/main.js'), ...process.argv.slice(2)],
      { cwd: ROOT, env, stdio: 'inherit' },
    );
    const code = await new Promise((resolve, reject) => {
      harness.once('error', reject);
      harness.once('close', (exit) => resolve(exit ?? 1));
      process.once('SIGINT', () => harness.kill('SIGINT'));
      process.once('SIGTERM', () => harness.kill('SIGTERM'));
    });
    process.exitCode = code;
  } finally {
    await clear();
  }
});
