import { setTimeout as sleep } from 'node:timers/promises';
import { Latencies } from '../lib/histogram';
import type { Schedule } from './schedule';

/** Sends one arrival; resolves to the answer's status. */
export type SendArrival = (arrival: number) => Promise<number>;

export interface OpenLoopOutcome {
  /** Answer − intended. */
  readonly answered: Latencies;
  /** Sent − intended: how late the generator itself was. */
  readonly lateness: Latencies;
  readonly statuses: Readonly<Record<number, number>>;
}

/** Milliseconds since the epoch with fractions: the same clock in every process of this machine. */
export const nowMs = (): number => performance.timeOrigin + performance.now();

/**
 * Sends on schedule whatever is outstanding, and measures from when an arrival was due, not from when it could be sent: a server that stalls
 * is charged for everyone who came meanwhile. It waits by timers alone, so an arrival is up to a millisecond late, which counts as the
 * server's: to ask the event loop again and again until the moment is there takes a tenth of a core from the server on the same machine.
 */
export async function openLoop(schedule: Schedule, startMs: number, send: SendArrival): Promise<OpenLoopOutcome> {
  const answered = new Latencies();
  const lateness = new Latencies();
  const statuses: Record<number, number> = {};
  const outstanding: Promise<void>[] = [];
  const { dueMs } = schedule;
  for (let next = 0; next < dueMs.length;) {
    const now = nowMs();
    for (; next < dueMs.length && startMs + dueMs[next]! <= now; next++) {
      const intended = startMs + dueMs[next]!;
      lateness.record(nowMs() - intended);
      outstanding.push(
        send(next).then((status) => {
          answered.record(nowMs() - intended);
          statuses[status] = (statuses[status] ?? 0) + 1;
        }),
      );
    }
    if (next >= dueMs.length) break;
    await sleep(Math.max(1, Math.floor(startMs + dueMs[next]! - nowMs())));
  }
  await Promise.all(outstanding);
  return { answered, lateness, statuses };
}
