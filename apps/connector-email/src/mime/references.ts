import { createHash } from 'node:crypto';
import { decodeWords } from './encoded-words';

/** As long as a remote id may be. */
const MAX_ID = 512;

/** The ids in a Message-ID, In-Reply-To or References header, verbatim with their brackets, in their order, once each. */
export function messageIdsIn(header: string): string[] {
  const text = decodeWords(header).replace(/[\u0000-\u001f\u007f]/g, ' ');
  const bracketed = text.match(/<[^<>]+>/g);
  // Some clients leave the brackets out.
  const found =
    bracketed ?? text.split(/[\s,]+/).flatMap((word) => (word.includes('@') ? [`<${word.replace(/[<>]/g, '')}>`] : []));
  const ids = found.map((id) => id.replace(/\s+/g, '').toWellFormed()).filter((id) => id.length > 2);
  return [...new Set(ids.map(boundId))];
}

/** An id that is longer than we can store has a shorter name with us, always the same. */
function boundId(id: string): string {
  if (id.length <= MAX_ID) return id;
  return `<${createHash('sha256').update(id).digest('hex')}@long-id.invalid>`;
}

/** The first id of a header that names one message. */
export const firstMessageId = (header: string): string | null => messageIdsIn(header)[0] ?? null;

/** At most `max` ids of a chain: the first one, which names the thread, and the last ones. */
export function boundChain(ids: readonly string[], max: number): string[] {
  if (ids.length <= max) return [...ids];
  return max < 1 ? [] : [...ids.slice(0, 1), ...(max > 1 ? ids.slice(-(max - 1)) : [])];
}
