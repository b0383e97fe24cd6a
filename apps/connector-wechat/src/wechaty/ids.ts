import { type Opaque, opaqueId } from '@huiliu/connector-kit';

/** A person's id at the puppet, such as `wxid_…`. */
export type ContactId = Opaque<'wechaty contact'>;
export const contactId = (value: unknown): ContactId => opaqueId(value, 'wechaty contact');

/** A group's id at the puppet, such as `…@chatroom`. */
export type RoomId = Opaque<'wechaty room'>;
export const roomId = (value: unknown): RoomId => opaqueId(value, 'wechaty room');

/** A message's id as the puppet gives it, verbatim. */
export type WechatyMessageId = Opaque<'wechaty message'>;
export const messageId = (value: unknown): WechatyMessageId => opaqueId(value, 'wechaty message');
