import { z } from 'zod';
import { Priority, Tag, ConversationStatus } from './conversation';
import { SafeText, WritableContent } from './content';
import { ChannelName, ClientId, Id, Time } from './ids';
import { ServicerId } from './servicer';
import { AccountLogin, AccountProgress, AccountState, MailReply } from './events-channel';

/** The one shape of every error, at every edge. */
export const ErrorBody = z.object({
  error: z.object({ code: z.string(), message: z.string(), details: z.unknown().optional() }),
});
export type ErrorBody = z.infer<typeof ErrorBody>;

export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

export const Cursor = z.string().min(1).max(512);

export const LoginRequest = z.strictObject({
  username: SafeText.min(1).max(64),
  password: z.string().min(1).max(256),
});

export const LoginAnswer = z.object({ token: z.string() });
/** Opens one socket within 30 seconds. */
export const WsTicket = z.object({ ticket: z.string() });

export const ListConversationsQuery = z.object({
  status: ConversationStatus.optional(),
  assignee: z.union([z.literal('me'), z.literal('none'), Id]).optional(),
  teamId: Id.optional(),
  channel: ChannelName.optional(),
  accountId: Id.optional(),
  contactId: Id.optional(),
  tag: Tag.optional(),
  q: SafeText.max(200).optional(),
  cursor: Cursor.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
export type ListConversationsQuery = z.infer<typeof ListConversationsQuery>;
export const UpdateConversation = z.strictObject({
  tags: z.array(Tag).max(50).optional(),
  priority: Priority.optional(),
});

export const ListMessagesQuery = z.object({
  before: z.coerce.number().int().positive().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
export const PostMessage = z.strictObject({
  clientId: ClientId,
  content: WritableContent,
  direction: z.enum(['outbound', 'note']).default('outbound'),
});
export type PostMessage = z.infer<typeof PostMessage>;
/** `GET /messages/:id/remote-image`: an address that the mail names as a picture's. */
export const RemoteImageQuery = z.object({ url: z.string().min(1).max(8192) });

/** `GET /conversations/:id/mail-reply`: null where the conversation is no mail thread. */
export const MailReplyTarget = z.object({
  mail: MailReply.pick({ subject: true, to: true, cc: true }).nullable(),
});
export type MailReplyTarget = z.infer<typeof MailReplyTarget>;
export const RetryMessage = z.strictObject({ force: z.boolean().default(false) });
export const ReadConversation = z.strictObject({ seq: z.number().int().nonnegative() });
export const AssignConversation = z.strictObject({ agentId: Id });
export const TransferConversation = z
  .strictObject({ agentId: Id.optional(), teamId: Id.optional(), note: SafeText.max(2000).optional() })
  .refine((t) => (t.agentId === undefined) !== (t.teamId === undefined), 'name either agentId or teamId');
/** To a servicer of the platform's own tool; the note goes before. */
export const HandOverConversation = z.strictObject({ servicerId: ServicerId, note: SafeText.max(2000).optional() });
export const ResolveConversation = z.strictObject({
  category: SafeText.trim().min(1).max(64).optional(),
  note: SafeText.max(2000).optional(),
});
export const SnoozeConversation = z.strictObject({
  /** Any ISO-8601 time with a zone; kept as all our times. */
  until: z.iso
    .datetime({ offset: true })
    .transform((time) => new Date(time).toISOString())
    .pipe(Time),
  reason: SafeText.max(200).optional(),
});

/** One configured account, without secrets. */
export const Account = z.object({
  id: Id,
  channel: ChannelName,
  name: z.string(),
  webhookUrl: z.string().nullable(),
  status: z.object({
    state: AccountState,
    lastEventAt: Time.nullable(),
    error: z.string().nullable(),
    /** A long first reading under way. */
    progress: AccountProgress.nullable(),
    /** Of an account that is logged in by a QR code; the code itself is given to admins only. */
    login: AccountLogin.nullable(),
  }),
  config: z.record(z.string(), z.unknown()),
  createdAt: Time,
  updatedAt: Time,
});
export type Account = z.infer<typeof Account>;
export const CreateAccount = z.strictObject({
  channel: ChannelName,
  name: SafeText.trim().min(1).max(100),
  config: z.record(z.string(), z.unknown()).default({}),
});
export type CreateAccount = z.infer<typeof CreateAccount>;
export const UpdateAccount = z.strictObject({
  /** May be repeated, never changed. */
  channel: ChannelName.optional(),
  name: SafeText.trim().min(1).max(100).optional(),
  config: z.record(z.string(), z.unknown()).optional(),
});
export type UpdateAccount = z.infer<typeof UpdateAccount>;

/** An entry of `GET /dlq`: no message text. */
export const DlqItem = z.object({
  id: Id,
  topic: z.string(),
  key: z.string().nullable(),
  partition: z.number().int(),
  offset: z.string(),
  consumer: z.string(),
  reason: z.string(),
  attempts: z.number().int(),
  state: z.enum(['parked', 'dead']),
  createdAt: Time,
});
export type DlqItem = z.infer<typeof DlqItem>;

export const AttachmentTicket = z.object({ url: z.string(), expiresAt: Time });
export const ListDlqQuery = z.object({
  cursor: Cursor.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
