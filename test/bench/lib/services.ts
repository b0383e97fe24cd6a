import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from './result';

const execute = promisify(execFile);
const SCRIPT = path.join(REPOSITORY, 'deploy/scripts/services.mjs');

/** A broker and a database of this scene's own: nothing that an earlier scene left behind. */
export interface Services {
  readonly brokers: string;
  readonly databaseUrl: string;
  /** The servers' processes, to count their CPU; none where they run in containers. */
  readonly processes: readonly { readonly name: string; readonly pid: number }[];
  stop(): Promise<void>;
}

export async function startServices(): Promise<Services> {
  const folder = await mkdtemp(path.join(scratch(), 'services-'));
  const env = { ...process.env };
  for (const name of ['KAFKA_BROKERS', 'DATABASE_URL', 'KAFKA_PORT', 'MYSQL_PORT']) delete env[name];
  const services = (action: string) => execute(process.execPath, [SCRIPT, action, '--dir', folder], { env });
  const { stdout } = await services('up');
  const found = Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  ) as Record<string, string>;
  const state = JSON.parse(readFileSync(path.join(folder, 'state.json'), 'utf8')) as Record<string, { pid?: number }>;
  return {
    brokers: found.KAFKA_BROKERS ?? '',
    databaseUrl: found.DATABASE_URL ?? '',
    processes: [
      { name: 'kafka', pid: state.kafka?.pid },
      { name: 'database', pid: state.mysql?.pid },
    ].flatMap(({ name, pid }) => (pid === undefined ? [] : [{ name, pid }])),
    stop: async () => {
      await services('down');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The folder of this run, on the disk that the product's data would be on: a memory file system would make every fsync free. */
export function scratch(): string {
  const folder = process.env.HUILIU_BENCH_FOLDER;
  if (folder === undefined) throw new Error('HUILIU_BENCH_FOLDER is not set: run `npm run bench`');
  return folder;
}
