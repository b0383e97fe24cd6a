import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const SERVICES = path.resolve(__dirname, '../../../deploy/scripts/services.mjs');
const execute = promisify(execFile);

/** The brokers that `npm test` started (KAFKA_BROKERS); without them the tests that need them fail, they are not skipped. */
export function testBrokers(): string[] {
  const brokers = process.env.KAFKA_BROKERS;
  if (!brokers)
    throw new Error('KAFKA_BROKERS is not set: run `npm test`, or set it to what `npm run services -- up` prints');
  return brokers.split(',');
}

/** A name that no other test has: for topics and groups on a broker that suites share. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${process.pid}-${randomBytes(6).toString('hex')}`;
}

export interface TestBroker {
  /** As KAFKA_BROKERS takes it. */
  readonly brokers: string;
  stop(): Promise<void>;
}

/** A broker of this suite's own: the product's topic names are fixed, so two systems cannot share one. */
export async function startBroker(): Promise<TestBroker> {
  // In the folder of the run, where there is one: `npm test` ends there what a killed suite left behind.
  const folder = await mkdtemp(path.join(process.env.HUILIU_TEST_FOLDER ?? tmpdir(), 'huiliu-kafka-'));
  const env = { ...process.env, KAFKA_BROKERS: '', KAFKA_PORT: '' };
  const services = (action: string) =>
    execute(process.execPath, [SERVICES, action, '--only', 'kafka', '--dir', folder], { env });
  const { stdout } = await services('up');
  return {
    brokers: stdout.trim().replace('KAFKA_BROKERS=', ''),
    stop: async () => {
      await services('down');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
