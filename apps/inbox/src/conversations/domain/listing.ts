/** A place in the list: conversations come last message first, and by id where that is the same. */
export interface ListPlace {
  /** As stored: `YYYY-MM-DD HH:MM:SS.mmm`. */
  readonly lastMessageAt: string;
  readonly id: string;
}

const PLACE = /^(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{3})\|([0-9A-HJKMNP-TV-Z]{26})$/;

/** The cursor behind which the list goes on after a conversation. */
export function cursorAfter(place: ListPlace): string {
  return Buffer.from(`${place.lastMessageAt}|${place.id}`, 'utf8').toString('base64url');
}

/** Reads a cursor; null when it is none of ours. */
export function placeOf(cursor: string): ListPlace | null {
  const match = PLACE.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  return match?.[1] && match[2] ? { lastMessageAt: match[1], id: match[2] } : null;
}
