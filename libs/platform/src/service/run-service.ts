import { breaks } from '../breakage';
import { type Config } from '../config/config';
import { ConfigError, loadConfig } from '../config/load-config';
import { type RunningService, type ServiceOptions, startService } from './start-service';

/** The longest that a stop may take before the process ends anyway. */
const STOP_MS = 10_000;

/**
 * Runs an app as this process: configuration, start, and the stop on SIGTERM or SIGINT (a second one ends it at once). Supervised
 * (`HUILIU_SUPERVISED=1`), it also stops when its supervisor is gone. Ends the process with 1 when it cannot start.
 */
export async function runService(options: ServiceOptions): Promise<RunningService | null> {
  // Words that nobody can take end no process.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  let service: RunningService | null = null;
  let stopping = false;
  const stop = (reason: string): void => {
    if (stopping) process.exit(1);
    stopping = true;
    if (breaks('drain')) process.exit(0);
    const late = setTimeout(() => process.exit(1), STOP_MS);
    late.unref();
    void Promise.resolve(service?.stop()).then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${options.name}: could not stop cleanly (${reason}): ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  if (process.env['HUILIU_SUPERVISED'] === '1') watchSupervisor(() => stopping || stop('supervisor gone'));
  try {
    const config = configOf(options.name);
    service = await startService(options, config);
    // Told to stop while starting: nothing was there to stop then.
    if (stopping) await service.stop();
    return service;
  } catch (error) {
    process.stderr.write(`${options.name}: ${error instanceof ConfigError ? error.message : describe(error)}\n`);
    process.exit(1);
  }
}

function configOf(name: string): Config {
  return loadConfig(process.env, { mode: name === 'suite' ? 'suite' : 'app' });
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The supervisor holds our standard input open; when that ends, or we are handed to another parent, it is gone. */
function watchSupervisor(gone: () => void): void {
  const parent = process.ppid;
  process.stdin.on('end', gone).on('close', gone).on('error', gone).resume();
  setInterval(() => {
    if (process.ppid !== parent) gone();
  }, 1000).unref();
}
