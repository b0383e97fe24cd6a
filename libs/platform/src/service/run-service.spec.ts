import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../../../..');
let dir: string;

/** The lib compiled into a folder of its own, and an app of a few lines on it, run as processes. */
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'huiliu-run-'));
  const swc = join(ROOT, 'node_modules/@swc/cli/bin/swc.js');
  execFileSync(
    process.execPath,
    [swc, 'libs/contracts/src', 'libs/platform/src', '-d', dir, '--ignore', '**/*.spec.ts'],
    { cwd: ROOT, stdio: 'ignore' },
  );
  writeFileSync(
    join(dir, 'app.js'),
    `require('reflect-metadata');
     const { runService } = require('./libs/platform/src/index.js');
     class Hanging { async onApplicationShutdown() { if (process.env.HANG) await new Promise((r) => setTimeout(r, 60000)); } }
     require('@nestjs/common').Module({ providers: [Hanging] })(Hanging);
     runService({ name: 'app', modules: () => [Hanging] });`,
  );
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Run {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
  readonly ended: Promise<{ code: number | null; output: string }>;
}

const running: ChildProcess[] = [];
afterEach(() => running.splice(0).forEach((child) => child.kill('SIGKILL')));

function run(env: Record<string, string>): Run {
  const child = spawn(process.execPath, [join(dir, 'app.js')], {
    env: {
      PATH: process.env['PATH'],
      NODE_PATH: join(ROOT, 'node_modules'),
      HUILIU_DATA: join(dir, 'data'),
      PORT: '0',
      ...env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.push(child);
  let output = '';
  let isReady: () => void;
  const ready = new Promise<void>((done) => (isReady = done));
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('"msg":"ready"')) isReady();
    });
  }
  const ended = new Promise<{ code: number | null; output: string }>((done) =>
    child.on('close', (code) => done({ code, output })),
  );
  return { child, ready, ended };
}

test.each(['SIGTERM', 'SIGINT'] as const)('%s stops it cleanly', async (signal) => {
  const app = run({});
  await app.ready;
  app.child.kill(signal);
  expect(await app.ended).toMatchObject({ code: 0 });
});

test('a second signal ends it at once', async () => {
  const app = run({ HANG: '1' });
  await app.ready;
  app.child.kill('SIGTERM');
  const again = setInterval(() => app.child.kill('SIGTERM'), 100);
  expect(await app.ended).toMatchObject({ code: 1 });
  clearInterval(again);
});

test('supervised, it ends with its supervisor', async () => {
  const app = run({ HUILIU_SUPERVISED: '1' });
  await app.ready;
  app.child.stdin?.end();
  expect(await app.ended).toMatchObject({ code: 0 });
});

test('a wrong configuration lists every problem and ends with 1', async () => {
  const { code, output } = await run({ BUS: 'kafka', PORT: 'x' }).ended;
  expect(code).toBe(1);
  for (const name of ['PORT', 'DATABASE_URL', 'KAFKA_BROKERS']) expect(output).toContain(`- ${name}:`);
});

test('a start says little: one line', async () => {
  const app = run({});
  await app.ready;
  app.child.kill('SIGTERM');
  expect((await app.ended).output.trim().split('\n')).toHaveLength(1);
});
