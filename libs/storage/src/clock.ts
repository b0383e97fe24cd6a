/** The time, injected so that tests can hold it. */
export abstract class Clock {
  abstract now(): Date;
}

export class SystemClock extends Clock {
  now(): Date {
    return new Date();
  }
}

/** A Date as both databases store it: `YYYY-MM-DD HH:MM:SS.mmm`, UTC. */
export function toDbTime(time: Date | string): string {
  const iso = typeof time === 'string' ? new Date(time).toISOString() : time.toISOString();
  return iso.replace('T', ' ').replace('Z', '');
}

/** The ISO-8601 form of a stored time. */
export function fromDbTime(stored: string): string {
  return `${stored.replace(' ', 'T').padEnd(23, stored.length === 19 ? '.000' : '0')}Z`;
}

export function fromDbTimeOrNull(stored: string | null): string | null {
  return stored === null ? null : fromDbTime(stored);
}
