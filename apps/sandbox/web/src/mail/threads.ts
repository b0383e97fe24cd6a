import type { Mail } from './api';

export interface Thread {
  readonly id: number;
  /** The oldest first. */
  readonly mails: readonly Mail[];
  readonly last: Mail;
}

/** Mails as threads, the one with the newest mail first. */
export function threadsOf(mails: readonly Mail[]): Thread[] {
  const found = new Map<number, Mail[]>();
  for (const mail of mails) found.set(mail.thread, [...(found.get(mail.thread) ?? []), mail]);
  return [...found]
    .map(([id, list]) => ({ id, mails: list, last: list[list.length - 1] as Mail }))
    .sort((a, b) => b.last.id - a.last.id);
}
