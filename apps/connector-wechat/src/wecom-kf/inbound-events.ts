import type { Content } from '@huiliu/contracts';
import { entryOf } from '@huiliu/wire';

type EventContent = Extract<Content, { kind: 'event' }>;
type EventType = EventContent['event']['type'];

/** The platform's events that a conversation shows. What is not here and names a customer is `other`. */
const TYPES: Readonly<Record<string, readonly [EventType, string]>> = {
  enter_session: ['enter_session', '进入了客服会话'],
  session_status_change: ['session_changed', '会话状态变更'],
};

/** `change_type` of `session_status_change`. */
const CHANGES: Readonly<Record<string, string>> = {
  1: '企业微信的接待人员从接待池接入了会话',
  2: '企业微信里的会话转接给了另一位接待人员',
  3: '企业微信里的会话已结束',
  4: '企业微信里的会话重新接入',
};

/** The event as the record shows it; `key` is the platform's own: the scene, the kind of change. */
export function eventContent(platformType: string, field: (name: string) => string): EventContent {
  const [type, words] = entryOf(TYPES, platformType) ?? (['other', platformType] as const);
  const key = keyOf(platformType, field);
  const who = field('new_servicer_userid') || field('old_servicer_userid');
  const text =
    type === 'session_changed'
      ? [entryOf(CHANGES, key) ?? words, who].filter((one) => one !== '').join('：')
      : [words, key].filter((one) => one !== '').join('：');
  return { kind: 'event', text, event: { type, key: key === '' ? null : key.slice(0, 512), platformType } };
}

function keyOf(platformType: string, field: (name: string) => string): string {
  if (platformType === 'session_status_change') return field('change_type');
  return field('scene_param') || field('scene');
}
