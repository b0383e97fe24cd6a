/** The time, injected so that tests can hold it. */
export abstract class Clock {
  abstract now(): Date;
}

export class SystemClock extends Clock {
  now(): Date {
    return new Date();
  }
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** A Date as both databases store it: `YYYY-MM-DD HH:MM:SS.mmm`, UTC. */
export function toDbTime(time: Date | string): string {
  const iso = typeof time === 'string' && ISO.test(time) ? time : new Date(time).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}`;
}

/** The ISO-8601 form of a stored time. */
export function fromDbTime(stored: string): string {
  return `${stored.replace(' ', 'T').padEnd(23, stored.length === 19 ? '.000' : '0')}Z`;
}

export function fromDbTimeOrNull(stored: string | null): string | null {
  return stored === null ? null : fromDbTime(stored);
}
