import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Trouble } from './console.mjs';
import { freePort } from './net.mjs';
import { inRepo } from './paths.mjs';
import { tail } from './packages.mjs';
import { until } from './processes.mjs';

/** `docs/openapi.json`: the document that the suite serves at `/api/docs-json`, asked of one that runs for just that. */
export async function openApi() {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'huiliu-openapi-'));
  const port = await freePort();
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    PORT: String(port),
    HUILIU_DATA: data,
    LOG_LEVEL: 'warn',
  };
  const suite = spawn(process.execPath, [inRepo('dist/apps/suite/src/main.js')], {
    cwd: data,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise((resolve) => suite.once('close', resolve));
  let output = '';
  for (const stream of [suite.stdout, suite.stderr]) stream.on('data', (chunk) => (output += chunk));
  try {
    const ask = (page) => fetch(`http://127.0.0.1:${port}${page}`);
    const ready = await until(async () => suite.exitCode !== null || (await ask('/readyz')).ok, 60_000);
    if (!ready || suite.exitCode !== null)
      throw new Trouble(`The suite did not start, so it cannot be asked for its OpenAPI document:\n${tail(output)}`);
    return `${JSON.stringify(await (await ask('/api/docs-json')).json(), null, 2)}\n`;
  } finally {
    suite.kill('SIGTERM');
    await ended;
    fs.rmSync(data, { recursive: true, force: true });
  }
}
