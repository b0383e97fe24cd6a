import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Child {
  readonly process: ChildProcess;
  readonly lines: string[];
  /** Ends it without a chance to do anything more. */
  kill(): Promise<void>;
}

/** Starts one of `child/` in a process of its own. */
export function startChild(file: 'handle' | 'publish', args: readonly string[]): Child {
  const folder = join(__dirname, 'child');
  const child = spawn(process.execPath, [join(folder, 'run.cjs'), join(folder, `${file}.ts`), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  return {
    process: child,
    lines,
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    },
  };
}
