import { headerFields, idsIn } from './headers';
import type { StoredMail } from './store/mailbox';

/** What a mail says of its place among others; ids without angle brackets. */
export interface MailLinks {
  readonly messageId: string | null;
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
}

export function linksOf(raw: Buffer): MailLinks {
  const fields = headerFields(raw);
  const ids = (name: string): string[] => idsIn(fields.find((field) => field.name === name)?.value ?? '');
  return {
    messageId: ids('message-id')[0] ?? null,
    inReplyTo: ids('in-reply-to')[0] ?? null,
    references: ids('references'),
  };
}

/** Each mail's thread, named by its first mail's id: by what a mail answers, the nearest first, never by its subject. */
export function threadsOf(mails: readonly StoredMail[]): ReadonlyMap<number, number> {
  const threads = new Map<number, number>();
  const known = new Map<string, number>();
  for (const mail of mails) {
    const { messageId, inReplyTo, references } = linksOf(mail.raw);
    const answered = [messageId, inReplyTo, ...[...references].reverse()].find((id) => id !== null && known.has(id));
    const thread = (answered === undefined || answered === null ? undefined : known.get(answered)) ?? mail.id;
    threads.set(mail.id, thread);
    if (messageId !== null) known.set(messageId, thread);
  }
  return threads;
}
