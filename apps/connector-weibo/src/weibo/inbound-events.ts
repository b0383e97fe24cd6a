import type { Content } from '@huiliu/contracts';
import { entryOf } from '@huiliu/wire';
import { clean, type PushFields } from './fields';

type EventContent = Extract<Content, { kind: 'event' }>;
type EventType = EventContent['event']['type'];

/** The platform's events in our words; what is not here is `other`. The list beyond subscribe and click is not confirmed. */
const TYPES: Readonly<Record<string, readonly [EventType, string]>> = {
  follow: ['follow', '关注了账号'],
  subscribe: ['follow', '订阅了账号'],
  unfollow: ['unfollow', '取消了关注'],
  unsubscribe: ['unfollow', '取消了订阅'],
  scan: ['scan', '扫描了二维码'],
  scan_follow: ['scan', '扫描二维码并关注'],
  click: ['menu_click', '点击了菜单'],
  view: ['menu_view', '打开了菜单里的链接'],
};

/** What opens a window, by event. */
const OPENS: Readonly<Partial<Record<EventType, string>>> = {
  follow: 'follow',
  scan: 'scan',
  menu_click: 'menu_click',
};

/** An event as the record shows it, and what it opens. `key` is the platform's own. */
export function eventOf({ data }: PushFields): { content: EventContent; opens: string | null } {
  const subtype = clean(data.subtype ?? '', 64);
  const key = clean(data.key ?? '', 512);
  const [type, words] = entryOf(TYPES, subtype.toLowerCase()) ?? (['other', subtype || 'event'] as const);
  return {
    content: {
      kind: 'event',
      text: key === '' ? words : `${words}：${key}`,
      event: { type, key: key === '' ? null : key, platformType: subtype },
    },
    opens: OPENS[type] ?? null,
  };
}

/**
 * Somebody named us in a post or a comment: it stands in the private conversation, where one answer is allowed. What was said in public is a
 * conversation of its own, read by polling.
 */
export function mentionOf({ data, text }: PushFields): EventContent {
  const subtype = clean(data.subtype ?? '', 64);
  const key = clean(data.key ?? '', 512);
  const where = subtype === 'comment' ? '在评论里@了我们，可私信回复一次' : '在微博里@了我们，可私信回复一次';
  const said = clean(text, 2000);
  return {
    kind: 'event',
    text: said === '' ? where : `${where}：${said}`,
    event: { type: 'other', key: key === '' ? null : key, platformType: `mention:${subtype}` },
  };
}
