import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { call } from './http';
import { eventually } from './eventually';

export const REPOSITORY = path.resolve(__dirname, '../../..');

/** The product, running: what a suite of end-to-end tests speaks to, in whichever mode. */
export interface System {
  readonly mode: 'suite' | 'distributed';
  readonly baseUrl: string;
  readonly adminPassword: string;
  /** Where the processes keep their files, of several apps each in a folder of its own in it; removed by `stop`, unless HUILIU_DATA named it. */
  readonly dataFolder: string;
  /** The processes that can be killed one by one. */
  apps(): string[];
  /** The processes of an app that run now. */
  pids(app: string): number[];
  /** kill -9. */
  kill(app: string): Promise<void>;
  /** Waits until what was killed is back (the suite is started again here, elsewhere the supervisor does it) and all is ready. */
  restart(): Promise<void>;
  /** Resident memory of each process, in MB. */
  memory(): Promise<Record<string, number>>;
  /** The last lines that the processes wrote. */
  log(): string;
  stop(): Promise<void>;
}

export interface SystemOptions {
  /** Where the process writes its lines instead of to us (one process only). */
  readonly logFile?: string;
  /** Added to the processes' environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** A broker and a database to run on (distributed only), which the caller ends; without them the system has its own. */
  readonly services?: { readonly brokers: string; readonly databaseUrl: string };
}

/** What every system of the tests is started with; nothing of the developer's own settings leaks in. */
export function baseEnvironment(port: number, dataFolder: string): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'JAVA_HOME'].flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]]],
  );
  return {
    ...(Object.fromEntries(kept) as Record<string, string>),
    NODE_ENV: 'development',
    PORT: String(port),
    HUILIU_DATA: dataFolder,
    // Beside a port of the system's choice another test may listen.
    SANDBOX_SMTP_PORT: '0',
    SANDBOX_IMAP_PORT: '0',
    HUILIU_ADMIN_PASSWORD: randomBytes(12).toString('hex'),
    RATE_LIMITS: 'off',
  };
}

/** Waits until `/readyz` answers 200; `alive` stops the wait when the process has ended. */
export async function ready(baseUrl: string, alive: () => boolean, timeoutMs: number): Promise<void> {
  await eventually(
    `${baseUrl}/readyz answers 200`,
    async () => {
      if (!alive()) return 'ended';
      const answer = await call(baseUrl, 'GET', '/readyz', { timeoutMs: 5000 });
      if (answer.status !== 200) throw new Error(answer.text.slice(0, 300));
      return 'ready';
    },
    timeoutMs,
  );
  if (!alive()) throw new Error('the process ended before it was ready');
}

/** Keeps the last lines that processes wrote, to be shown when something fails. */
export class LogTail {
  private lines: string[] = [];

  take(chunk: Buffer): void {
    this.lines.push(
      ...chunk
        .toString('utf8')
        .split('\n')
        .filter((line) => line !== ''),
    );
    if (this.lines.length > 400) this.lines = this.lines.slice(-200);
  }

  toString(): string {
    return this.lines.slice(-80).join('\n');
  }
}
