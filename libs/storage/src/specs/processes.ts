import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

export type Child = ChildProcessByStdio<null, Readable, Readable>;

const CHILDREN = {
  open: require.resolve('./child/open.ts'),
  write: require.resolve('./child/write.ts'),
  checkpoint: require.resolve('./child/checkpoint.ts'),
};

/** Starts one of `child/` in a process of its own. */
export function startChild(file: keyof typeof CHILDREN, url: string): Child {
  return spawn(process.execPath, [join(__dirname, 'child', 'run.cjs'), CHILDREN[file], url], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Waits for its end; answers its exit code and what it complained of. */
export function ended(child: Child): Promise<{ code: number | null; complaints: string }> {
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  child.stdout.resume();
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, complaints })));
}
