import { readFileSync } from 'node:fs';

/** What a process holds in memory now, MB. */
export function rssMb(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(found?.[1] ?? 0) / 102.4) / 10;
}
