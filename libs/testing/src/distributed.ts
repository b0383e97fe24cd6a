import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createTestDatabase } from './databases';
import { eventually } from './eventually';
import { freePort } from './free-port';
import { startBroker } from './kafka';
import { residentMemory } from './memory';
import { LogTail, REPOSITORY, baseEnvironment, ready, type System, type SystemOptions } from './system';

const SCRIPT = path.join(REPOSITORY, 'deploy/scripts/distributed.mjs');
const STARTED = /^([a-z-]+) pid (\d+) port (\d+)$/;

/** One process behind the supervisor. */
export interface RunningProcess {
  readonly app: string;
  readonly pid: number;
  readonly port: number;
}

/** Follows the supervisor's lines `<app> pid <n> port <n>`: who runs under which pid. */
class Roster {
  private readonly byPort = new Map<number, RunningProcess>();
  private rest = '';

  take(chunk: Buffer): void {
    const lines = (this.rest + chunk.toString('utf8')).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      const [, app, pid, port] = STARTED.exec(line) ?? [];
      if (app !== undefined) this.byPort.set(Number(port), { app, pid: Number(pid), port: Number(port) });
    }
  }

  all(): RunningProcess[] {
    return [...this.byPort.values()];
  }

  of(app: string): RunningProcess {
    const found = this.all().find((running) => running.app === app);
    if (found === undefined) throw new Error(`no process of ${app}`);
    return found;
  }
}

export interface DistributedSystem extends System {
  processes(): RunningProcess[];
  /** kill -9 of the supervisor itself. */
  killSupervisor(): Promise<void>;
}

async function servicesFor({ services }: SystemOptions) {
  if (services !== undefined) return { ...services, release: () => Promise.resolve() };
  const database = await createTestDatabase();
  const broker = await startBroker().catch(async (error: unknown) => {
    await database.drop();
    throw error;
  });
  return {
    brokers: broker.brokers,
    databaseUrl: database.url,
    release: async () => {
      await Promise.all([broker.stop(), database.drop()]);
    },
  };
}

/** Every app its own process behind the edge, on a broker and a database of this suite's own unless it is given some. */
export async function startDistributed(options: SystemOptions = {}): Promise<DistributedSystem> {
  const [data, port] = [await mkdtemp(path.join(tmpdir(), 'huiliu-distributed-')), await freePort()];
  const services = await servicesFor(options);
  const env: Record<string, string> = {
    ...baseEnvironment(port, data),
    KAFKA_BROKERS: services.brokers,
    DATABASE_URL: services.databaseUrl,
    ...options.env,
  };
  const baseUrl = `http://127.0.0.1:${port}`;
  const log = new LogTail();
  const roster = new Roster();
  const supervisor = spawn(process.execPath, [SCRIPT], { cwd: data, env, stdio: ['ignore', 'pipe', 'pipe'] });
  supervisor.stdout.on('data', (chunk: Buffer) => {
    log.take(chunk);
    roster.take(chunk);
  });
  supervisor.stderr.on('data', (chunk: Buffer) => log.take(chunk));
  const runs = (): boolean => supervisor.exitCode === null && supervisor.signalCode === null;
  const killed = new Map<number, number>();
  const release = async (): Promise<void> => {
    if (runs()) {
      const ended = new Promise((resolve) => supervisor.once('close', resolve));
      supervisor.kill('SIGTERM');
      await ended;
    }
    await services.release();
    await rm(data, { recursive: true, force: true });
  };
  const becomeReady = (): Promise<void> =>
    ready(baseUrl, runs, 120_000).catch((error: unknown) => {
      throw new Error(`the apps did not become ready: ${String(error)}\n${log.toString()}`);
    });
  try {
    await becomeReady();
  } catch (error) {
    await release();
    throw error;
  }
  return {
    mode: 'distributed',
    baseUrl,
    adminPassword: env.HUILIU_ADMIN_PASSWORD ?? '',
    apps: () => [...new Set(roster.all().map((running) => running.app))],
    pids: (app) =>
      roster
        .all()
        .filter((running) => running.app === app)
        .map(({ pid }) => pid),
    dataFolder: env.HUILIU_DATA ?? data,
    kill: (app) => {
      const { pid, port: own } = roster.of(app);
      killed.set(own, pid);
      process.kill(pid, 'SIGKILL');
      return Promise.resolve();
    },
    restart: async () => {
      for (const [own, pid] of killed)
        await eventually(`what was pid ${pid} runs again`, () =>
          roster.all().some((running) => running.port === own && running.pid !== pid),
        );
      killed.clear();
      await becomeReady();
    },
    memory: async () =>
      Object.fromEntries(
        await Promise.all(roster.all().map(async ({ app, pid }) => [app, await residentMemory(pid)] as const)),
      ),
    log: () => log.toString(),
    stop: release,
    processes: () => roster.all(),
    killSupervisor: async () => {
      const ended = new Promise((resolve) => supervisor.once('close', resolve));
      supervisor.kill('SIGKILL');
      await ended;
    },
  };
}
