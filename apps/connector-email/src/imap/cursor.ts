import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Ids of so many mails are remembered, to know them again under other UIDs. */
const REMEMBERED = 256;
/** A mail may be dated some time before it is listed; what was read already is known by its id. */
const OVERLAP_MS = 24 * 3600_000;

const Cursor = z.object({
  /** Mails that the mailbox held at its first opening are read when they came at or after this time; null: all. */
  since: z.iso.datetime().nullable(),
  /** The numbering that `lastUid` is of; null: the mailbox has not been opened yet. */
  uidValidity: z.string().nullable(),
  lastUid: z.number().int().nonnegative(),
  /** Up to this UID the mailbox was there before we numbered with it: of these only what came at or after `from` is read. */
  until: z.number().int().nonnegative(),
  from: z.iso.datetime().nullable(),
  /** When the latest mail that was read had come. */
  lastDate: z.iso.datetime().nullable(),
  /** Hashes of Message-IDs, the latest last. */
  recent: z.array(z.string()),
});

/** How far a mailbox has been read, as the kit keeps it. */
export type Cursor = z.output<typeof Cursor>;

/** What the cursor needs to know of a mail that was read. */
export interface ReadMail {
  readonly uid: number;
  readonly arrivedAt: Date | null;
  /** Its Message-ID; null where it has none. */
  readonly messageId: string | null;
}

/** What the kit kept; null for a mailbox that was never read. Throws for what this version did not write. */
export function readCursor(text: string | null): Cursor | null {
  return text === null ? null : Cursor.parse(JSON.parse(text));
}

export const writeCursor = (cursor: Cursor): string => JSON.stringify(cursor);

/** The cursor of an account that has just been set up. `importFrom`: `start`, a date, or undefined: only what comes from now on. */
export function firstCursor(importFrom: string | undefined, now: Date): Cursor {
  // Servers date mails to the second.
  const from = importFrom === undefined ? new Date(Math.floor(now.getTime() / 1000) * 1000) : new Date(importFrom);
  const since = importFrom === 'start' ? null : from.toISOString();
  return { since, uidValidity: null, lastUid: 0, until: 0, from: null, lastDate: null, recent: [] };
}

/**
 * The cursor for a mailbox as it is found. Under another UIDVALIDITY its UIDs mean nothing any more: what is there is looked through
 * again, from about the time of the latest mail that was read, and known mails are told by their Message-IDs.
 */
export function cursorFor(cursor: Cursor, box: { readonly uidValidity: string; readonly uidNext: number }): Cursor {
  if (cursor.uidValidity === box.uidValidity) return cursor;
  const from =
    cursor.uidValidity === null || cursor.lastDate === null
      ? cursor.since
      : later(new Date(Date.parse(cursor.lastDate) - OVERLAP_MS).toISOString(), cursor.since);
  return { ...cursor, uidValidity: box.uidValidity, lastUid: 0, until: Math.max(0, box.uidNext - 1), from };
}

/** The cursor behind these mails and everything up to `lastUid`. */
export function advance(cursor: Cursor, mails: readonly ReadMail[], lastUid: number): Cursor {
  const dates = mails.flatMap(({ arrivedAt }) => (arrivedAt === null ? [] : [arrivedAt.toISOString()]));
  const fresh = mails.flatMap(({ messageId }) => (messageId === null ? [] : [markOf(messageId)]));
  const recent = [...new Set([...cursor.recent.filter((mark) => !fresh.includes(mark)), ...fresh])];
  return {
    ...cursor,
    lastUid: Math.max(cursor.lastUid, lastUid),
    lastDate: dates.reduce<string | null>(later, cursor.lastDate),
    recent: recent.slice(-REMEMBERED),
  };
}

/** Whether a mail from before our numbering need not be read: it came too early, or was read under another UID. */
export function isBehind(cursor: Cursor, mail: ReadMail): boolean {
  if (mail.uid > cursor.until) return false;
  if (cursor.from !== null && mail.arrivedAt !== null && mail.arrivedAt.toISOString() < cursor.from) return true;
  return mail.messageId !== null && cursor.recent.includes(markOf(mail.messageId));
}

const markOf = (messageId: string): string => createHash('sha256').update(messageId).digest('base64url').slice(0, 12);

/** The later of two times as ISO-8601 in UTC, which sort as text. */
function later(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return a > b ? a : b;
}
