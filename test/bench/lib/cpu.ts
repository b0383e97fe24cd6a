import { readFileSync } from 'node:fs';

/** Clock ticks a second, in which Linux counts CPU time. */
const TICKS = 100;

/** CPU time that a process has used so far, user and system, in µs; 0 for one that is gone. */
export function cpuMicros(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1_000_000) / TICKS;
  } catch {
    return 0;
  }
}

/** What each named process used, in µs. Several processes of one name are added up. */
export type CpuUse = Readonly<Record<string, number>>;

/** Measures what processes use from now on. */
export class CpuMeter {
  private readonly before: ReadonlyMap<number, number>;

  constructor(private readonly processes: readonly { readonly name: string; readonly pid: number }[]) {
    this.before = new Map(processes.map(({ pid }) => [pid, cpuMicros(pid)]));
  }

  read(): CpuUse {
    const used: Record<string, number> = {};
    for (const { name, pid } of this.processes)
      used[name] = (used[name] ?? 0) + cpuMicros(pid) - (this.before.get(pid) ?? 0);
    return used;
  }
}

/** The sum of several readings. */
export function addCpu(uses: readonly CpuUse[]): CpuUse {
  const sum: Record<string, number> = {};
  for (const use of uses) for (const [name, micros] of Object.entries(use)) sum[name] = (sum[name] ?? 0) + micros;
  return sum;
}

/** µs per message for each process, to one decimal. */
export function perMessage(use: CpuUse, messages: number): Record<string, number> {
  return Object.fromEntries(Object.entries(use).map(([name, micros]) => [name, round(micros / Math.max(1, messages))]));
}

const round = (value: number): number => Math.round(value * 10) / 10;
