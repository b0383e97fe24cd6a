import { createHash } from 'node:crypto';
import { type Opaque, opaqueId } from '@huiliu/connector-kit';

export type OpenId = Opaque<'openid'>;
export const openId = (value: unknown): OpenId => opaqueId(value, 'openid');

/** A message's id: the platform's `MsgId`, verbatim. */
export type RemoteMessageId = Opaque<'wechat message'>;
export const messageId = (value: unknown): RemoteMessageId => opaqueId(value, 'wechat message');

/**
 * Events have no id. The platform says to know them by sender and second; two of one second differ in type and key, so these are part
 * of it. A key may be a whole address: what is long is hashed.
 */
export function eventId(from: OpenId, createTime: string, event: string, key: string): RemoteMessageId {
  const short = key.length <= 128 ? key : createHash('sha256').update(key).digest('base64url');
  return opaqueId(['event', from, createTime, event, short].join(':'), 'wechat message');
}
