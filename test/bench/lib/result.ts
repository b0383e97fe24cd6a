import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import path from 'node:path';
import type { Counts } from './recount';

/** The root of the repository, seen from where this file is built to (`dist/test/bench/lib`) and from where it lies alike. */
export const REPOSITORY = path.resolve(process.env.HUILIU_BENCH_ROOT ?? process.cwd());

/** What a scene found out; written to `bench/results/<scene>.json`. */
export interface SceneResult extends Counts {
  readonly scene: string;
  /** System ÷ floor, the median of the pairs; null where there is no floor; 0 where anything was lost, doubled or out of order. */
  readonly ratio: number | null;
  readonly ratioRange: readonly [number, number] | null;
  /** The floor's and the system's rate, medians. */
  readonly floor: number | null;
  readonly system: number;
  readonly unit: string;
  /** CPU of the product's own processes per message, µs. */
  readonly cpuMicrosPerMessage: number;
  /** The same by process; broker, database and load generator apart. */
  readonly cpuByProcess: Readonly<Record<string, number>>;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** Whatever else the scene measured. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMb: number;
  readonly kernel: string;
  readonly node: string;
}

function machine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model ?? 'unknown',
    cores: all.length,
    memoryMb: Math.round(totalmem() / 1024 / 1024),
    kernel: `${process.platform} ${release()}`,
    node: process.version,
  };
}

function commit(): string {
  try {
    const git = (...args: string[]): string => execFileSync('git', args, { cwd: REPOSITORY, encoding: 'utf8' }).trim();
    const changed = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+changes';
    return `${git('rev-parse', '--short', 'HEAD')}${changed}`;
  } catch {
    return 'unknown';
  }
}

/** Writes a scene's result; answers the file, relative to the repository. */
export function writeResult(result: SceneResult): string {
  const file = path.join('bench', 'results', `${result.scene}.json`);
  const target = path.join(REPOSITORY, file);
  mkdirSync(path.dirname(target), { recursive: true });
  const whole = { ...result, machine: machine(), commit: commit(), measuredAt: new Date().toISOString() };
  writeFileSync(target, `${JSON.stringify(whole, null, 2)}\n`);
  return file;
}
