import type { Content } from '@huiliu/contracts';
import { entryOf } from '@huiliu/wire';
import type { Fields } from '../shared/fields';

type EventContent = Extract<Content, { kind: 'event' }>;
type EventType = EventContent['event']['type'];

/** The platform's events in our words. What is not here is `other`. */
const TYPES: Readonly<Record<string, readonly [EventType, string]>> = {
  subscribe: ['follow', '关注了公众号'],
  unsubscribe: ['unfollow', '取消了关注'],
  SCAN: ['scan', '扫描了二维码'],
  CLICK: ['menu_click', '点击了菜单'],
  VIEW: ['menu_view', '打开了菜单里的链接'],
  view_miniprogram: ['menu_view', '打开了菜单里的小程序'],
  LOCATION: ['location', '上报了位置'],
  user_enter_tempsession: ['enter_session', '进入了小程序客服会话'],
  kf_create_session: ['session_changed', '客服会话已接入'],
  kf_close_session: ['session_changed', '客服会话已关闭'],
  kf_switch_session: ['session_changed', '客服会话已转接'],
  TEMPLATESENDJOBFINISH: ['template_result', '模板消息的发送结果'],
  subscribe_msg_popup_event: ['template_result', '订阅通知的选择'],
  subscribe_msg_change_event: ['template_result', '订阅通知的变更'],
  subscribe_msg_sent_event: ['template_result', '订阅通知的发送结果'],
};

/** What opens a window, by event. */
const OPENS: Readonly<Partial<Record<EventType, string>>> = {
  follow: 'follow',
  scan: 'scan',
  menu_click: 'menu_click',
  enter_session: 'enter_session',
};

export const opensOf = (type: EventType): string | null => OPENS[type] ?? null;

/** The event as the record shows it; `key` is the platform's own, a position in figures. */
export function eventContent(platformType: string, key: string, fields: Fields): EventContent {
  const [type, words] = entryOf(TYPES, platformType) ?? (['other', platformType] as const);
  const place = type === 'location' ? `${text(fields.Latitude)}, ${text(fields.Longitude)}` : key;
  const shown = place.replace(/^qrscene_/, '');
  return {
    kind: 'event',
    text: shown === '' ? words : `${words}：${shown}`,
    event: { type, key: place === '' ? null : place.slice(0, 512), platformType },
  };
}

const text = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 64).toWellFormed() : '';
