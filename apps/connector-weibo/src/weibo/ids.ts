import { createHash } from 'node:crypto';
import { type Opaque, opaqueId } from '@huiliu/connector-kit';

/** A person's int64 id, as digits. */
export type Uid = Opaque<'weibo uid'>;
export type RemoteMessageId = Opaque<'weibo message'>;
/** A private conversation is the person's uid; the others begin with their kind (see `kinds` of the definition). */
export type RemoteConversationId = Opaque<'weibo conversation'>;

const isNumeric = (value: string): boolean => /^\d{1,20}$/.test(value);

/** Null for what is no id of the platform's. */
export const uidOf = (value: string): Uid | null => (isNumeric(value) ? opaqueId(value, 'weibo uid') : null);

const message = (...parts: readonly string[]): RemoteMessageId => opaqueId(parts.join(':'), 'weibo message');
const conversation = (...parts: readonly string[]): RemoteConversationId =>
  opaqueId(parts.join(':'), 'weibo conversation');

/**
 * Pushes have no id. The platform says to know them by sender and second; two of one second differ in what they say, so its hash is part of
 * it. What is the same to the letter within one second cannot be told from the platform's own retry.
 */
export function pushId(sender: Uid, createdAt: string, said: readonly string[]): RemoteMessageId {
  return message('push', sender, createdAt, createHash('sha256').update(JSON.stringify(said)).digest('base64url'));
}

/** The passive reply that the answer to a push carried. */
export const passiveId = (push: RemoteMessageId): RemoteMessageId => message('passive', push);

export const commentId = (id: string): RemoteMessageId => message('comment', id);
export const statusId = (id: string): RemoteMessageId => message('status', id);
/** What is said of a post at the beginning of a public conversation. */
export const aboutId = (kind: 'comment' | 'mention', status: string, uid: Uid): RemoteMessageId =>
  message('about', kind, status, uid);

export const privateConversation = (uid: Uid): RemoteConversationId => conversation(uid);
/** One person's comments under one post. */
export const commentConversation = (status: string, uid: Uid): RemoteConversationId =>
  conversation('comment', status, uid);
/** A post of somebody's that names us. */
export const mentionConversation = (status: string, uid: Uid): RemoteConversationId =>
  conversation('mention', status, uid);

/** Where a conversation's answers go. */
export type Place = { readonly kind: 'private' } | { readonly kind: 'comment' | 'mention'; readonly status: string };

export function placeOf(remoteConversationId: string): Place {
  const [kind, status = ''] = remoteConversationId.split(':');
  return kind === 'comment' || kind === 'mention' ? { kind, status } : { kind: 'private' };
}

/** The comment that a remote id names; null for anything else. */
export function commentOf(remoteId: string | null): string | null {
  return /^comment:(\d{1,20})$/.exec(remoteId ?? '')?.[1] ?? null;
}

/** Whether `a` was given after `b`: ids grow. */
export const isAfter = (a: string, b: string): boolean => BigInt(a) > BigInt(b);
export { isNumeric };
