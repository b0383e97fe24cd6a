import { z } from 'zod';
import type { Fields } from '../shared/fields';

const text = z.union([z.string(), z.number()]).transform(String);

/** One entry of `msg_list`, as far as every kind has it. Of an event, who it is about stands in `event`. */
const Head = z.object({
  msgid: z.string().min(1).max(512),
  open_kfid: z.string().optional().catch(undefined),
  external_userid: z.string().max(512).optional().catch(undefined),
  send_time: z.number().optional().catch(undefined),
  origin: z.number().optional().catch(undefined),
  servicer_userid: z.string().optional().catch(undefined),
  msgtype: z.string().optional().catch(undefined),
});

/** What `sync_msg` answers. */
export const Page = z.object({
  next_cursor: text.optional(),
  has_more: z.number().catch(0),
  msg_list: z.array(z.unknown()).default([]),
});
export type Page = z.infer<typeof Page>;

/** An entry that has been read: whose it is, and everything it says. */
export interface Item {
  readonly msgid: string;
  readonly openKfId: string | null;
  readonly customer: string | null;
  readonly sentAtMs: number | null;
  readonly origin: number;
  readonly servicer: string | null;
  readonly type: string;
  /** The part that the type names: `text`, `image`, `event` … */
  readonly said: Fields;
  readonly raw: Fields;
}

export const ORIGIN = { customer: 3, system: 4, servicer: 5 } as const;

/** Null for an entry that names itself by no id: it cannot be kept apart from others. */
export function itemOf(given: unknown): Item | null {
  const head = Head.safeParse(given);
  if (!head.success) return null;
  const { msgid, msgtype = '', origin, send_time, servicer_userid } = head.data;
  const raw = given as Fields;
  const part = msgtype !== '' && Object.hasOwn(raw, msgtype) ? raw[msgtype] : undefined;
  const said = typeof part === 'object' && part !== null && !Array.isArray(part) ? (part as Fields) : {};
  const inside = (name: string): string | null => {
    const value = Object.hasOwn(said, name) ? said[name] : undefined;
    return typeof value === 'string' && value !== '' ? value.slice(0, 512) : null;
  };
  return {
    msgid,
    openKfId: head.data.open_kfid || inside('open_kfid'),
    customer: head.data.external_userid || inside('external_userid'),
    sentAtMs: send_time !== undefined && send_time > 1e9 && send_time < 1e10 ? send_time * 1000 : null,
    origin: origin ?? (msgtype === 'event' ? ORIGIN.system : ORIGIN.customer),
    servicer: servicer_userid || null,
    type: msgtype,
    said,
    raw,
  };
}
