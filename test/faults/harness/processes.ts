import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { baseEnvironment, freePort, ready, REPOSITORY } from '@huiliu/testing';
import { masterKey, type Inside } from './inside';

/** A process beside those of the supervisor. */
export interface Extra {
  readonly pid: number;
  readonly url: string;
  signal(name: NodeJS.Signals): void;
  /** Asks it to end; answers how it did and how long that took. */
  end(): Promise<{ code: number | null; ms: number }>;
  kill(): Promise<void>;
}

/** Starts one more process on a distributed system's broker and database: a built app, or a TypeScript file of the tests. */
export async function startExtra(world: Inside, app: string, file?: string): Promise<Extra> {
  const { services } = world;
  if (services === null) throw new Error('a second process needs a broker and a database');
  const port = await freePort();
  const data = path.join(world.system.dataFolder, app === 'inbox' ? app : `${app}-${port}`);
  mkdirSync(data, { recursive: true });
  const inbox = new URL(world.system.baseUrl);
  const env = {
    ...baseEnvironment(port, data),
    BUS: 'kafka',
    KAFKA_BROKERS: services.broker.service.given,
    DATABASE_URL: services.database.service.given,
    HUILIU_MASTER_KEY: masterKey(world),
    HUILIU_INBOX_URL: inbox.origin,
    OUTBOUND_ALLOW: '127.0.0.0/8',
    ...world.env,
  };
  const main =
    file === undefined
      ? [path.join(REPOSITORY, `dist/apps/${app}/src/main.js`)]
      : [path.join(__dirname, 'run.cjs'), file];
  const child = spawn(process.execPath, main, { cwd: data, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
  const url = `http://127.0.0.1:${port}`;
  const runs = (): boolean => child.exitCode === null && child.signalCode === null;
  await ready(url, runs, 60_000).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw new Error(`${app} did not become ready: ${String(error)}\n${lines.join('')}`);
  });
  return {
    pid: child.pid!,
    url,
    signal: (name) => void child.kill(name),
    end: () => end(child, runs),
    kill: async () => {
      if (!runs()) return;
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    },
  };
}

async function end(child: ChildProcess, runs: () => boolean): Promise<{ code: number | null; ms: number }> {
  const began = performance.now();
  if (runs()) {
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    await closed;
  }
  return { code: child.exitCode, ms: Math.round(performance.now() - began) };
}

/** Holds a process still while `work` runs, and for at least so long; then lets it go on as if nothing had been. */
export async function heldStill(
  pid: number,
  atLeastMs: number,
  work: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  try {
    await Promise.all([work(), new Promise((resolve) => setTimeout(resolve, atLeastMs))]);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

/** Whether such a process is there; one that has ended and that nobody has asked about yet is not. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}
