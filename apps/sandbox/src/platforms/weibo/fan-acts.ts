import { badRequest } from '@huiliu/platform';
import type { Happened, Said } from '../control-shapes';
import type { Pushed } from './pushes';

/** A private message on the wire; `fid`: of the file that came with it. */
export function messageOf(said: Said, fid: bigint | null): Pushed {
  const file: Record<string, bigint> = fid === null ? {} : { vfid: fid - 1n, tovfid: fid };
  switch (said.kind) {
    case 'text':
      return { type: 'text', text: said.text ?? '', data: {} };
    case 'image':
      return { type: 'image', text: '发了一张图片', data: file };
    case 'voice':
      return { type: 'voice', text: '发了一段语音', data: file };
    case 'location': {
      const data = { longitude: String(said.longitude ?? 0), latitude: String(said.latitude ?? 0) };
      return { type: 'position', text: `${said.label ?? '我在这里'}: http://t.cn/zQgLLYO`, data };
    }
    case 'raw': {
      const { type, text, ...data } = said.raw ?? {};
      return {
        ...(type === undefined ? {} : { type: String(type) }),
        text: String(text ?? ''),
        data: Object.fromEntries(Object.entries(data).map(([name, value]) => [name, String(value)])),
      };
    }
    default:
      throw badRequest('invalid', `nobody can send ${said.kind} on Weibo`);
  }
}

/** What can happen by name, in the platform's words; anything else is pushed under its own name. */
const SUBTYPES: Readonly<Record<string, string>> = { menu_click: 'click', menu_view: 'view' };
/** Source: open.weibo.com, Send_Customer_Service_Message: after a follow, a subscription, a menu or a code. */
const OPENING = new Set(['follow', 'subscribe', 'scan', 'scan_follow', 'click']);
const CLOSING = new Set(['unfollow', 'unsubscribe']);

export function eventOf({ event, key = '', raw }: Happened): { pushed: Pushed; opens: boolean; closes: boolean } {
  const subtype = SUBTYPES[event] ?? event;
  const ticket: Record<string, string> = subtype.startsWith('scan') ? { ticket: 'TICKET' } : {};
  const more = Object.fromEntries(Object.entries(raw ?? {}).map(([name, value]) => [name, String(value)]));
  return {
    pushed: { type: 'event', text: '事件消息', data: { subtype, key, ...ticket, ...more } },
    opens: OPENING.has(subtype),
    closes: CLOSING.has(subtype),
  };
}
