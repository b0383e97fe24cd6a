import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { ItemFields } from './customer-acts';
import { UNPUBLISHED } from './answers';
import type { Journal, Place } from './journal';

const THREE_DAYS = 3 * 24 * 3600_000;
const TOKEN_MS = 600_000;

/** The body of `kf/sync_msg`. */
export const SyncRequest = z.object({
  cursor: z.string().max(64).default(''),
  token: z.string().max(128).default(''),
  limit: z.number().int().min(1).max(1000).default(1000),
  voice_format: z.number().int().min(0).max(1).default(0),
  open_kfid: z.string().optional(),
});

export interface SyncPage {
  readonly next_cursor: string;
  readonly has_more: 0 | 1;
  readonly msg_list: readonly ItemFields[];
}

/** What waits to be pulled: in order, for three days, from a cursor on. Of each it knows where it stands in the journal. */
export class MessageList {
  /** The most of one page, whatever is asked for. */
  pageSize = 1000;
  /** So many of the next pages are empty although more waits. */
  emptyPages = 0;
  tokenMs = TOKEN_MS;
  untokenedAMinute = 20;
  private readonly items: { readonly place: Place; readonly sentAtMs: number }[] = [];
  private readonly tokens = new Map<string, number>();
  private untokened: number[] = [];

  constructor(private readonly journal: Pick<Journal, 'at'>) {}

  add(place: Place, sentAtMs: number): void {
    this.items.push({ place, sentAtMs });
  }

  /** Goes out with a callback; who pulls with it is not limited. */
  newToken(nowMs: number): string {
    for (const [token, untilMs] of this.tokens) if (untilMs < nowMs) this.tokens.delete(token);
    const token = `ENC${randomBytes(32).toString('base64url')}`;
    this.tokens.set(token, nowMs + this.tokenMs);
    return token;
  }

  /** A page, or the code of the refusal. */
  page({ cursor, token, limit }: z.infer<typeof SyncRequest>, nowMs: number): SyncPage | number {
    if (token !== '' && (this.tokens.get(token) ?? 0) < nowMs) return 95007;
    if (token === '') {
      this.untokened = [...this.untokened.filter((at) => nowMs - at < 60_000), nowMs];
      if (this.untokened.length > this.untokenedAMinute) return 45009;
    }
    const from = cursor === '' ? this.firstKept(nowMs) : indexOf(cursor);
    if (from === null || from > this.items.length) return UNPUBLISHED.badCursor;
    if (this.emptyPages > 0) {
      this.emptyPages--;
      return { next_cursor: cursorOf(from), has_more: 1, msg_list: [] };
    }
    const to = Math.min(this.items.length, from + Math.min(limit, this.pageSize));
    const kept = this.items.slice(from, to).filter((item) => !isOld(item, nowMs));
    const entries = this.journal.at(kept.map(({ place }) => place));
    const msg_list = entries.flatMap((entry) => (entry.type === 'item' ? [entry.item] : []));
    return { next_cursor: cursorOf(to), has_more: to < this.items.length ? 1 : 0, msg_list };
  }

  private firstKept(nowMs: number): number {
    const first = this.items.findIndex((item) => !isOld(item, nowMs));
    return first < 0 ? this.items.length : first;
  }
}

const isOld = ({ sentAtMs }: { sentAtMs: number }, nowMs: number): boolean => nowMs - sentAtMs > THREE_DAYS;

/** Each spelling is another one, as the real ones are: only where it stands counts. */
const cursorOf = (index: number): string => `4gw7MepFLfgF2VC5${index}_${randomBytes(6).toString('base64url')}`;

function indexOf(cursor: string): number | null {
  const digits = /^4gw7MepFLfgF2VC5(\d{1,9})_/.exec(cursor)?.[1];
  return digits === undefined ? null : Number(digits);
}
