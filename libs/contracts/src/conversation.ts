import { z } from 'zod';
import { SafeText } from './content';
import { Id, Time } from './ids';
import { Message } from './message';

export const ConversationStatus = z.enum(['open', 'snoozed', 'resolved']);
export type ConversationStatus = z.infer<typeof ConversationStatus>;
export const Priority = z.enum(['low', 'normal', 'high', 'urgent']);
export type Priority = z.infer<typeof Priority>;
export const Tag = SafeText.trim().min(1).max(64);

/** The thread between one identity and one account, for ever. */
export const Conversation = z.object({
  id: Id,
  channel: z.string(),
  accountId: Id,
  contact: z.object({ id: Id, name: z.string(), remoteId: z.string() }),
  status: ConversationStatus,
  assignee: z.object({ id: Id, name: z.string() }).nullable(),
  teamId: Id.nullable(),
  tags: z.array(z.string()),
  priority: Priority,
  lastMessage: Message.nullable(),
  /** Inbound messages since the last answer or read. */
  unread: z.number().int().nonnegative(),
  /** Since when the oldest unanswered inbound message waits. */
  waitingSince: Time.nullable(),
  replyWindow: z.object({ expiresAt: Time, remaining: z.number().int().nullable() }).nullable(),
  session: z.object({ id: Id, startedAt: Time, firstReplyAt: Time.nullable() }).nullable(),
  createdAt: Time,
  updatedAt: Time,
});
export type Conversation = z.infer<typeof Conversation>;

/** What decides who may see a conversation. */
export const ConversationAccess = z.object({ assigneeId: Id.nullable(), teamId: Id.nullable(), accountId: Id });
export type ConversationAccess = z.infer<typeof ConversationAccess>;
