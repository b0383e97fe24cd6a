import type { MailHead } from './mailbox';

/** Mails that are looked at together. */
const AT_ONCE = 50;
/** Mails that are read together while they are small: what a batch holds in memory. */
const MOST_MAILS = 20;
const MOST_BYTES = 8 * 1024 * 1024;

/** The UIDs that are looked at next. */
export const nextLook = (uids: readonly number[]): readonly number[] => uids.slice(0, AT_ONCE);

/** The first of these mails, as many as are read together; always at least one. */
export function nextBatch<M extends Pick<MailHead, 'size'>>(mails: readonly M[]): M[] {
  let bytes = 0;
  const batch: M[] = [];
  for (const mail of mails) {
    bytes += mail.size;
    if (batch.length > 0 && (bytes > MOST_BYTES || batch.length >= MOST_MAILS)) break;
    batch.push(mail);
  }
  return batch;
}
