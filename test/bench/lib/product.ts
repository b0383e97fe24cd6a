import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { baseEnvironment, freePort, LogTail, ready } from '@huiliu/testing';
import { REPOSITORY } from './result';
import { scratch, type Services } from './services';

/** One process of the product. */
export interface ProductProcess {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
}

/** The product as operators run it, with its defaults; only the rate limits are off, because the load comes from one address. */
export interface Product {
  readonly baseUrl: string;
  readonly adminPassword: string;
  readonly dataFolder: string;
  processes(): ProductProcess[];
  /** SIGSTOP to these apps (all, where none is named): they take nothing in until `resume`. */
  pause(...apps: string[]): void;
  resume(...apps: string[]): void;
  log(): string;
  /** Ends the processes; the data stays until `remove`. */
  stop(): Promise<void>;
  remove(): Promise<void>;
}

const STARTED = /^([a-z-]+) pid (\d+) port (\d+)$/gm;
const READY_MS = 120_000;
/** As `npm start` has it (package.json). */
const YOUNG = '--max-semi-space-size=64';

/** `npm run start:distributed` on a broker and a database. */
export async function startDistributedProduct(
  services: Services,
  env: Readonly<Record<string, string>> = {},
): Promise<Product> {
  const script = path.join(REPOSITORY, 'deploy/scripts/distributed.mjs');
  return start([script], { KAFKA_BROKERS: services.brokers, DATABASE_URL: services.databaseUrl, ...env }, null);
}

/** `npm start`: the suite in one process, on the embedded bus and SQLite, with data of an earlier start where there is any. */
export async function startSuiteProduct(
  dataFolder: string | null = null,
  env: Readonly<Record<string, string>> = {},
): Promise<Product> {
  return start([YOUNG, path.join(REPOSITORY, 'dist/apps/suite/src/main.js')], env, dataFolder);
}

/** Node options for the product's processes while something is looked into, such as a module that takes profiles. */
function profiling(): Record<string, string> {
  const options = process.env.HUILIU_BENCH_NODE_OPTIONS;
  return options === undefined ? {} : { NODE_OPTIONS: options };
}

async function start(
  args: readonly string[],
  more: Readonly<Record<string, string>>,
  dataFolder: string | null,
): Promise<Product> {
  const data = dataFolder ?? (await mkdtemp(path.join(scratch(), 'data-')));
  const port = await freePort();
  const env: Record<string, string> = {
    ...baseEnvironment(port, data),
    HUILIU_ADMIN_PASSWORD: 'of no use to anybody',
    ...profiling(),
    ...more,
  };
  const baseUrl = `http://127.0.0.1:${port}`;
  const log = new LogTail();
  const child: ChildProcess = spawn(process.execPath, [...args], { cwd: data, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const running = new Map<number, ProductProcess>();
  if (args.some((arg) => arg.endsWith('/suite/src/main.js')) && child.pid !== undefined)
    running.set(port, { name: 'suite', pid: child.pid, port });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      log.take(chunk);
      for (const [, name, pid, own] of chunk.toString('utf8').matchAll(STARTED))
        running.set(Number(own), { name: name!, pid: Number(pid), port: Number(own) });
    });
  }
  const runs = (): boolean => child.exitCode === null && child.signalCode === null;
  const signal = (name: NodeJS.Signals, apps: readonly string[]): void => {
    for (const one of running.values()) if (apps.length === 0 || apps.includes(one.name)) tell(one.pid, name);
  };
  const stop = async (): Promise<void> => {
    if (!runs()) return;
    signal('SIGCONT', []);
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGTERM');
    await ended;
  };
  await ready(baseUrl, runs, READY_MS).catch(async (error: unknown) => {
    await stop();
    throw new Error(`the product did not become ready: ${String(error)}\n${log.toString()}`);
  });
  return {
    baseUrl,
    adminPassword: env.HUILIU_ADMIN_PASSWORD!,
    dataFolder: data,
    processes: () => [...running.values()],
    pause: (...apps) => signal('SIGSTOP', apps),
    resume: (...apps) => signal('SIGCONT', apps),
    log: () => log.toString(),
    stop,
    remove: () => rm(data, { recursive: true, force: true }),
  };
}

/** One that has ended meanwhile is told nothing. */
function tell(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Where one of the product's processes answers by itself. */
export function addressOf(product: Product, name: string): string {
  const found = product.processes().find((one) => one.name === name);
  if (found === undefined) throw new Error(`no process of ${name}`);
  return `http://127.0.0.1:${found.port}`;
}
