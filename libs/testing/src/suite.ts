import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from './free-port';
import { residentMemory } from './memory';
import { LogTail, REPOSITORY, baseEnvironment, ready, type System, type SystemOptions } from './system';

const MAIN = path.join(REPOSITORY, 'dist/apps/suite/src/main.js');

/** The suite as one process on a free port with a data folder of its own, which outlives a kill and is removed by `stop`. */
export async function startSuite(options: SystemOptions = {}): Promise<System> {
  const data = await mkdtemp(path.join(tmpdir(), 'huiliu-suite-'));
  const port = await freePort();
  const env: Record<string, string> = { ...baseEnvironment(port, data), ...options.env };
  const baseUrl = `http://127.0.0.1:${port}`;
  const log = new LogTail();
  const lines = options.logFile === undefined ? null : openSync(options.logFile, 'a');
  let child: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    const started = spawn(process.execPath, ['--enable-source-maps', MAIN], {
      cwd: data,
      env,
      stdio: options.logFile === undefined ? ['ignore', 'pipe', 'pipe'] : ['ignore', lines!, lines!],
    });
    child = started;
    // As the supervisor of many processes says it.
    started.once('close', (code, signal) =>
      log.take(Buffer.from(`suite pid ${started.pid} ended (${signal ?? `code ${code}`})`)),
    );
    for (const stream of [started.stdout, started.stderr]) stream?.on('data', (chunk: Buffer) => log.take(chunk));
    await ready(baseUrl, () => started.exitCode === null && started.signalCode === null, 60_000).catch(
      (error: unknown) => {
        started.kill('SIGKILL');
        throw new Error(`the suite did not become ready: ${String(error)}\n${log.toString()}`);
      },
    );
  };
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    const running = child;
    child = null;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once('close', resolve));
    running.kill(signal);
    await ended;
  };
  await start();
  return {
    mode: 'suite',
    baseUrl,
    adminPassword: env.HUILIU_ADMIN_PASSWORD ?? '',
    apps: () => ['suite'],
    pids: () => (child?.pid === undefined ? [] : [child.pid]),
    dataFolder: env.HUILIU_DATA ?? data,
    kill: () => end('SIGKILL'),
    restart: async () => {
      await end('SIGTERM');
      await start();
    },
    memory: async () => ({ suite: await residentMemory(child?.pid) }),
    log: () => log.toString(),
    stop: async () => {
      await end('SIGTERM');
      if (lines !== null) closeSync(lines);
      await rm(data, { recursive: true, force: true });
    },
  };
}
