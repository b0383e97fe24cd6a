import { createHash } from 'node:crypto';
import { type Opaque, opaqueId } from '@huiliu/connector-kit';

/** A customer: `external_userid`, the same for every account of one corp. */
export type ExternalUserId = Opaque<'external_userid'>;
export const externalUserId = (value: unknown): ExternalUserId => opaqueId(value, 'external_userid');

/** A message or an event: the platform's `msgid`, verbatim. Of what we send it is ours. */
export type MsgId = Opaque<'wecom msgid'>;
export const msgId = (value: unknown): MsgId => opaqueId(value, 'wecom msgid');

/** The platform takes 32 of `[0-9a-zA-Z_-]`. */
const MOST = 32;

/**
 * The id under which a part of ours is sent, the same whenever the same attempt is made: the platform takes it once. `again`: an earlier
 * attempt was taken and failed later, so that this one needs a name of its own.
 */
export function msgIdOf(key: string, again: number | null): MsgId {
  const whole = `${key.replaceAll('.', '-')}${again === null ? '' : `_${again}`}`;
  if (whole.length <= MOST) return msgId(whole);
  return msgId(createHash('sha256').update(whole).digest('base64url').slice(0, MOST));
}

/** The id of the welcome that answers an event, the same whenever it is tried. */
export const welcomeIdOf = (event: MsgId): MsgId =>
  msgId(`w_${createHash('sha256').update(event).digest('base64url').slice(0, 30)}`);
