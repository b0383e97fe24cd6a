import { unlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Promises that the fault suite breaks on purpose, each at the one place that keeps it, to see that a test notices
 * (`docs/promises.md`). Named in `HUILIU_BREAK`, which production refuses; without it nothing here does anything.
 */
export const BREAKAGES = [
  // A batch that fails is not halved down to the event that fails.
  'bisection',
  // Parked events of a key are taken up from the last one.
  'parked-order',
  // What is fetched counts as done.
  'contiguous-prefix',
  // A lease that another process has taken over still counts as ours.
  'lease-fence',
  // A routing process that was replaced goes on writing.
  'routing-epoch',
  // A writer takes the next number of a conversation without its lock.
  'conversation-lock',
  // A process that is asked to end ends where it stands.
  'drain',
  // An event is acknowledged half a second before it is handed over.
  'ack-before-durable',
  // The spool says that it has a record two seconds before it writes it.
  'spool-fsync',
  // Where one has read to is kept before what was read is durable.
  'cursor-before-publish',
  // What comes again is stored again.
  'dedupe',
  // The relay goes on behind the last row that it sent.
  'relay-cursor',
  // A batch that is in the topic twice is shown twice.
  'tail-doubles',
  // A page that comes back goes on with what comes next.
  'resume-position',
  // What a page may see is judged by what was true when it happened.
  'permission-when-sent',
  // A page that is too slow is not cut off, what it cannot take is left out.
  'slow-page',
  // A decision is applied whatever assignment it saw.
  'assignment-version',
  // A send that was interrupted is sent again.
  'unknown-resent',
  // An offer is accepted whatever has become of it and of its conversation.
  'offer-judged',
  // What has been handled is handled again when it comes again.
  'handled',
  // Signs of life are compared with a clock that was set since.
  'stepped-clock',
] as const satisfies readonly string[];
export type Breakage = (typeof BREAKAGES)[number];

const broken: ReadonlySet<string> = new Set(
  process.env.NODE_ENV === 'production'
    ? []
    : (process.env.HUILIU_BREAK ?? '').split(',').filter((name) => name !== ''),
);

/** Whether this process is to break one of its promises. */
export function breaks(name: Breakage): boolean {
  return broken.size > 0 && broken.has(name);
}

/** Where a test may have this process die as if its power were cut. */
export type DeathPoint =
  // What was fetched is in memory only.
  | 'fetched'
  // What was fetched is durable, and the cursor does not know.
  | 'published';

const deaths = process.env.NODE_ENV === 'production' ? undefined : process.env.HUILIU_DEATHS;

/** Dies at once (kill -9) when the folder named in `HUILIU_DEATHS`, which production refuses, holds a file of this name; takes the file with it. */
export function dieIfArmed(point: DeathPoint): void {
  if (deaths === undefined || deaths === '') return;
  try {
    unlinkSync(join(deaths, point));
  } catch {
    return;
  }
  process.kill(process.pid, 'SIGKILL');
}
