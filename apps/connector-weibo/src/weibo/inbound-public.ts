import type { Content } from '@huiliu/contracts';
import type { InboundEvent } from '@huiliu/connector-kit';
import type { definition } from './definition';
import { clean } from './fields';
import {
  aboutId,
  commentConversation,
  commentId,
  mentionConversation,
  type RemoteConversationId,
  type RemoteMessageId,
  statusId,
  type Uid,
  uidOf,
} from './ids';
import type { Comment, Entry, Status } from './posts';

type Received = Extract<InboundEvent<typeof definition>, { type: 'message.received' }>;
type Contact = Received['data']['contact'];
type User = Comment['user'];

const linkTo = (status: string): string => `https://m.weibo.cn/status/${status}`;
const dateOf = (atMs: number | null, nowMs: number): string => new Date(atMs ?? nowMs).toISOString();

/** What a comment says: first, once per person and post, what it is about. Nothing where no person can be seen behind it. */
export function commentEvents({ id, atMs, value }: Entry<Comment>, ownUid: string, nowMs: number): Received[] {
  const from = value === null ? null : uidOf(value.user.id);
  if (value === null || from === null) return [];
  const status = value.status?.id ?? '0';
  const at = dateOf(atMs, nowMs);
  const content = textOf(value.text, 'comment');
  if (from === ownUid) return ownAnswer(value, status, commentId(id), content, at);
  const conversation = commentConversation(status, from);
  const who = contactOf(from, value.user);
  const about = `评论了微博：${clip(value.status?.text ?? '')} ${linkTo(status)}`;
  return [
    aboutEvent('comment', status, conversation, who, from, about, at),
    said(conversation, who, commentId(id), content, at),
  ];
}

/** What a post says that names us. */
export function mentionEvents({ id, atMs, value }: Entry<Status>, ownUid: string, nowMs: number): Received[] {
  const from = value === null ? null : uidOf(value.user.id);
  if (value === null || from === null || from === ownUid) return [];
  const at = dateOf(atMs, nowMs);
  const conversation = mentionConversation(id, from);
  const who = contactOf(from, value.user);
  const { retweeted_status: original } = value;
  const quoted = original == null ? '' : `，转发了：${clip(original.text)}`;
  return [
    aboutEvent('mention', id, conversation, who, from, `在微博里@了我们 ${linkTo(id)}${quoted}`, at),
    said(conversation, who, statusId(id), textOf(value.text, 'status'), at),
  ];
}

/** One of us answered a person's comment in the platform's own tool. */
function ownAnswer(
  comment: Comment,
  status: string,
  remoteId: RemoteMessageId,
  content: Received['data']['content'],
  at: string,
): Received[] {
  const answered = comment.reply_comment?.user;
  const to = answered === undefined ? null : uidOf(answered.id);
  if (answered === undefined || to === null || to === comment.user.id) return [];
  const name = clean(comment.user.screen_name, 255);
  return [
    {
      type: 'message.received',
      data: {
        remoteConversationId: commentConversation(status, to),
        contact: contactOf(to, answered),
        direction: 'outbound',
        remoteId,
        content,
        sentAt: at,
        ...(name === '' ? {} : { authorName: name }),
      },
    },
  ];
}

function aboutEvent(
  kind: 'comment' | 'mention',
  status: string,
  remoteConversationId: RemoteConversationId,
  contact: Contact,
  from: Uid,
  text: string,
  at: string,
): Received {
  const content: Extract<Content, { kind: 'event' }> = {
    kind: 'event',
    text,
    event: { type: 'other', key: status, platformType: kind },
  };
  const remoteId = aboutId(kind, status, from);
  return {
    type: 'message.received',
    data: { remoteConversationId, contact, direction: 'system', remoteId, content, sentAt: at },
  };
}

function said(
  remoteConversationId: RemoteConversationId,
  contact: Contact,
  remoteId: RemoteMessageId,
  content: Received['data']['content'],
  at: string,
): Received {
  return {
    type: 'message.received',
    data: { remoteConversationId, contact, remoteId, content, sentAt: at, opens: 'public' },
  };
}

function contactOf(uid: Uid, user: User): Contact {
  const name = clean(user.screen_name, 255);
  const avatar = user.profile_image_url;
  return {
    remoteId: uid,
    verified: true,
    ...(name === '' ? {} : { name }),
    ...(/^https?:\/\//.test(avatar) && avatar.length <= 2048 ? { avatarUrl: avatar } : {}),
  };
}

/** A picture or a film alone has no words, and no file that its interface gives. */
function textOf(words: string, platformType: string): Received['data']['content'] {
  const text = clean(words);
  if (text.trim() !== '') return { kind: 'text', text };
  return { kind: 'unsupported', text: '[没有文字，请在微博上查看]', platformType };
}

const clip = (text: string): string => {
  const short = clean(text, 140);
  return short.length < text.length ? `${short}…` : short;
};
