import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '@huiliu/testing';

const SERVICES = path.resolve(__dirname, '../../../deploy/scripts/services.mjs');
const execute = promisify(execFile);

const KINDS = {
  kafka: { variable: 'KAFKA_BROKERS', portVariable: 'KAFKA_PORT' },
  mysql: { variable: 'DATABASE_URL', portVariable: 'MYSQL_PORT' },
} as const;

/** A broker or a database server of this test's own, which can be ended and brought back with what it had stored. */
export class Service {
  private constructor(
    private readonly kind: keyof typeof KINDS,
    private readonly folder: string,
    /** KAFKA_BROKERS or DATABASE_URL, as the apps take it; the same after every restart. */
    readonly given: string,
  ) {}

  /** `given`: where it keeps what it stores, instead of one of its own. */
  static async start(kind: keyof typeof KINDS, given?: string): Promise<Service> {
    // In the folder of the run, where there is one: `npm test` ends there what a killed suite left behind.
    const folder = given ?? (await mkdtemp(path.join(process.env.HUILIU_TEST_FOLDER ?? tmpdir(), `huiliu-${kind}-`)));
    const service = new Service(kind, folder, await up(kind, folder, ''));
    return service;
  }

  /** `host:port` that it listens on. */
  get address(): string {
    return this.kind === 'kafka' ? this.given : new URL(this.given).host;
  }

  /** Asks it to end and waits for that. */
  async stop(): Promise<void> {
    await run('down', this.kind, this.folder, '');
  }

  /** kill -9 of the process that we started. */
  async kill(): Promise<void> {
    const pid = await this.pid();
    process.kill(pid, 'SIGKILL');
    await eventually(`${this.kind} has ended`, () => !runs(pid));
  }

  /** Brings it back where it was; resolves when it answers. */
  async bringBack(): Promise<void> {
    const given = await up(this.kind, this.folder, this.address.split(':')[1] ?? '');
    if (given !== this.given) throw new Error(`${this.kind} came back as ${given}, was ${this.given}`);
  }

  /** Ends it for good, with what it stored. */
  async release(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async pid(): Promise<number> {
    const state = JSON.parse(await readFile(path.join(this.folder, 'state.json'), 'utf8')) as Record<
      string,
      { pid?: number } | undefined
    >;
    const pid = state[this.kind]?.pid;
    // A container has no pid of ours, and loses with its end what it had stored.
    if (pid === undefined) throw new Error(`the faults need ${this.kind} as a process, not as a container`);
    return pid;
  }
}

async function up(kind: keyof typeof KINDS, folder: string, port: string): Promise<string> {
  const { stdout } = await run('up', kind, folder, port);
  return stdout.trim().replace(`${KINDS[kind].variable}=`, '');
}

function run(action: 'up' | 'down', kind: keyof typeof KINDS, folder: string, port: string) {
  const { variable, portVariable } = KINDS[kind];
  const env = { ...process.env, [variable]: '', [portVariable]: port };
  return execute(process.execPath, [SERVICES, action, '--only', kind, '--dir', folder], { env });
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
