#!/usr/bin/env node
/** `npm run check`: types, lint, dependency rules, dead code, format, stale generated files. Runs all, says each, fails if any failed. */
import fs from 'node:fs';
import os from 'node:os';
import { main, Trouble } from './lib/console.mjs';
import { ROOT, inRepo } from './lib/paths.mjs';
import { run } from './lib/processes.mjs';

const bin = (name) => inRepo('node_modules/.bin', name);
const PAGES = ['apps/console/web', 'apps/connector-webchat/widget', 'apps/sandbox/web'];

const checks = [
  { name: 'types', command: bin('tsc'), args: ['--noEmit', '-p', '.'] },
  ...PAGES.map((folder) => ({
    name: `types of ${folder}`,
    needs: `${folder}/tsconfig.json`,
    command: bin('tsc'),
    args: ['--noEmit', '-p', folder],
  })),
  { name: 'lint', command: bin('eslint'), args: ['.', '--max-warnings', '0'] },
  {
    name: 'dependency rules',
    command: bin('depcruise'),
    args: ['apps', 'libs', 'test', '--config', '.dependency-cruiser.cjs'],
  },
  { name: 'dead code', command: bin('knip'), args: ['--no-progress'] },
  { name: 'format', command: bin('prettier'), args: ['--check', '--log-level', 'warn', '.'] },
  { name: 'generated files', command: process.execPath, args: [inRepo('deploy/scripts/generate.mjs'), '--check'] },
];

async function check({ name, needs, command, args }) {
  const began = Date.now();
  const { code, output } =
    needs !== undefined && !fs.existsSync(inRepo(needs))
      ? { code: 1, output: `${needs} is missing` }
      : await run(command, args, { cwd: ROOT });
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  process.stdout.write(`${code === 0 ? 'ok    ' : 'FAILED'}  ${name} (${seconds} s)\n`);
  if (code !== 0) process.stdout.write(`${output.trimEnd()}\n\n`);
  return code === 0;
}

await main(async () => {
  const wanted = process.argv.slice(2);
  const queue = checks.filter((one) => wanted.length === 0 || wanted.includes(one.name));
  const results = [];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) results.push(await check(next));
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(3, os.availableParallelism())) }, worker));
  const failed = results.filter((ok) => !ok).length;
  process.stdout.write(`${results.length - failed} checks passed, ${failed} failed\n`);
  if (failed > 0)
    throw new Trouble('npm run check failed; `npm run format` and `npm run generate` mend what they write.');
});
