import { z } from 'zod';
import { Content } from './content';
import { eventOf } from './envelope';
import { ChannelName, ClientId, Id, RemoteId, Time } from './ids';
import { SendError } from './message';
import { ChannelDefinition } from './definition';
import { ServicerId } from './servicer';

/** The conversation that something on a platform belongs to. A connector that mints our ids itself sends them; the inbox adopts them. */
export const RemoteConversation = z.object({
  accountId: Id,
  channel: ChannelName,
  remoteConversationId: RemoteId,
  conversationId: Id.optional(),
  contact: z.object({
    remoteId: RemoteId,
    contactId: Id.optional(),
    name: z.string().max(255).optional(),
    avatarUrl: z.string().max(2048).optional(),
    /** The platform (or a valid HMAC) vouches for who this is. */
    verified: z.boolean().default(false),
  }),
});
export type RemoteConversation = z.infer<typeof RemoteConversation>;

/**
 * Which thread a mail belongs to: the inbox looks for the conversation by `conversationId` (proven by the connector: a token of ours in an
 * address, or a Message-ID that we made), then by `references`, the likeliest first. Found by none, it begins a thread of its own.
 */
export const MailThread = z.object({
  conversationId: Id.optional(),
  /** Remote ids of earlier mails: In-Reply-To, then References from the last to the first. */
  references: z.array(RemoteId).max(200).default([]),
});
export type MailThread = z.infer<typeof MailThread>;

/** A customer wrote, or one of us answered in the platform's own tool (`direction: 'outbound'`, shown as author `external`). */
export const MessageReceived = RemoteConversation.extend({
  direction: z.enum(['inbound', 'outbound', 'system']).default('inbound'),
  remoteId: RemoteId,
  messageId: Id.optional(),
  clientId: ClientId.nullable().default(null),
  content: Content,
  authorName: z.string().max(255).optional(),
  /** When the platform says it was written. */
  sentAt: Time,
  /** What opened the reply window, as the definition's rules name it; absent: nothing did. */
  opens: z.string().max(64).optional(),
  /** Of a channel whose conversations are threads (e-mail). `remoteConversationId` then only names a new one. */
  thread: MailThread.optional(),
});
export type MessageReceived = z.infer<typeof MessageReceived>;

export const MessageEdited = RemoteConversation.extend({ remoteId: RemoteId, content: Content, editedAt: Time });
export type MessageEdited = z.infer<typeof MessageEdited>;
export const MessageRecalled = RemoteConversation.extend({ remoteId: RemoteId, recalledAt: Time });
export type MessageRecalled = z.infer<typeof MessageRecalled>;
export const ContactSeen = RemoteConversation.extend({ at: Time, opens: z.string().max(64).optional() });
export type ContactSeen = z.infer<typeof ContactSeen>;

/** Topic `channel.inbound`; key: account + remote conversation. */
export const ChannelInboundEvent = z.discriminatedUnion('type', [
  eventOf('message.received', MessageReceived),
  eventOf('message.edited', MessageEdited),
  eventOf('message.recalled', MessageRecalled),
  eventOf('contact.entered', ContactSeen),
  eventOf('contact.left', ContactSeen),
]);
export type ChannelInboundEvent = z.infer<typeof ChannelInboundEvent>;

const target = z.object({
  conversationId: Id,
  accountId: Id,
  channel: ChannelName,
  remoteConversationId: RemoteId,
  remoteContactId: RemoteId,
});

/** What an answer by mail needs to know of the thread it goes into. */
export const MailReply = z.object({
  /** Of the customer's latest mail, or of the thread. */
  subject: z.string().max(2000),
  /** The whole chain, oldest first, our own mails included. */
  references: z.array(z.string().max(998)).max(1000),
  /** To whom: the latest mail's Reply-To or sender. */
  to: z.array(z.object({ name: z.string().max(320), address: z.string().max(320) })).max(200),
  cc: z.array(z.string().max(320)).max(200),
  /** The latest mail, to be quoted below the answer. */
  quote: z.object({ from: z.string().max(700), sentAt: Time, text: z.string().max(50_000) }).nullable(),
});
export type MailReply = z.infer<typeof MailReply>;

/** Send one message. `attempt` grows with each retry that a person asked for; the same (messageId, attempt) is sent once. */
export const SendCommand = target.extend({
  messageId: Id,
  attempt: z.number().int().positive(),
  content: Content,
  authorType: z.enum(['agent', 'bot', 'auto', 'system']),
  authorName: z.string(),
  /** The remote id of the customer's latest message: what platforms and e-mail want to be answered. */
  inReplyTo: z.string().nullable(),
  /** The first part to send: a retry of a split text goes on where it stopped. */
  fromPart: z.number().int().positive().default(1),
  /** Of a conversation that is a mail thread. */
  mail: MailReply.optional(),
});
export type SendCommand = z.infer<typeof SendCommand>;
export const RecallCommand = target.extend({ messageId: Id, remoteIds: z.array(z.string()) });
export type RecallCommand = z.infer<typeof RecallCommand>;
export const EditCommand = target.extend({ messageId: Id, remoteIds: z.array(z.string()), content: Content });
export type EditCommand = z.infer<typeof EditCommand>;
/** Hand the customer's session to a servicer in the platform's own tool. `messageId`: the line of the record that says so. */
export const HandOverCommand = target.extend({ messageId: Id, servicerId: ServicerId });
export type HandOverCommand = z.infer<typeof HandOverCommand>;

/** Topics `channel.outbound.<app>`; key: conversationId. */
export const ChannelOutboundEvent = z.discriminatedUnion('type', [
  eventOf('message.send', SendCommand),
  eventOf('message.edit', EditCommand),
  eventOf('message.recall', RecallCommand),
  eventOf('conversation.hand_over', HandOverCommand),
]);
export type ChannelOutboundEvent = z.infer<typeof ChannelOutboundEvent>;

/**
 * What became of a send. `accepted` carries all remote ids in the order of the parts. A receipt that a platform gives for
 * an id which the connector cannot map has `messageId: null` and is matched by `remoteId`.
 */
export const Receipt = z.object({
  accountId: Id,
  conversationId: Id.nullable(),
  messageId: Id.nullable(),
  attempt: z.number().int().positive().nullable(),
  remoteId: z.string().nullable(),
  remoteIds: z.array(z.string()).default([]),
  state: z.enum([
    'accepted',
    'delivered',
    'read',
    'failed',
    'unknown',
    'recalled',
    'recall_failed',
    'handed_over',
    'handover_failed',
  ]),
  error: SendError.nullable(),
  /** Of a split text: the first part that was not sent. */
  failedPart: z.number().int().positive().optional(),
  at: Time,
});
export type Receipt = z.infer<typeof Receipt>;

/** Topic `channel.receipts`; key: conversationId (or the remote id, where none is known). */
export const ChannelReceiptEvent = z.discriminatedUnion('type', [eventOf('receipt', Receipt)]);
export type ChannelReceiptEvent = z.infer<typeof ChannelReceiptEvent>;

export const AccountState = z.enum(['starting', 'ok', 'degraded', 'error', 'stopped']);
export type AccountState = z.infer<typeof AccountState>;

/** An account as connectors get it: secret fields are encrypted (`enc:…`). */
export const AccountConfigured = z.object({
  accountId: Id,
  channel: ChannelName,
  name: z.string(),
  config: z.record(z.string(), z.unknown()),
  /** Grows with each change; an older one is ignored. */
  revision: z.number().int().positive(),
});
export type AccountConfigured = z.infer<typeof AccountConfigured>;

/** Topic `accounts`, compacted; key: accountId. */
export const AccountsEvent = z.discriminatedUnion('type', [
  eventOf('account.configured', AccountConfigured),
  eventOf('account.deleted', z.object({ accountId: Id, channel: ChannelName, revision: z.number().int().positive() })),
]);
export type AccountsEvent = z.infer<typeof AccountsEvent>;

/** How far a long first reading is. */
export const AccountProgress = z.object({
  done: z.number().int().nonnegative(),
  total: z.number().int().nonnegative(),
});

/** Checks of one account that may end together. */
export const MOST_CHECKS = 20;

/**
 * Where the login of an account stands that is logged in by a QR code. `qr`: what the code says, while one waits to be scanned; whoever
 * scans it puts an account of their own here, so that it is for admins only. `name`: who is logged in.
 */
export const AccountLogin = z.object({
  stage: z.enum(['waiting', 'scanned', 'confirmed', 'expired', 'logged_in', 'logged_out']),
  qr: z.string().max(2048).nullable(),
  name: z.string().max(255).nullable(),
});
export type AccountLogin = z.infer<typeof AccountLogin>;

export const AccountStatus = z.object({
  accountId: Id,
  state: AccountState,
  lastEventAt: Time.nullable(),
  /** What is wrong and what to do, for a person; null when nothing is. */
  error: z.string().max(2000).nullable(),
  progress: AccountProgress.nullable().default(null),
  /** The checks (signal `account.check`) that this is the outcome of. */
  checks: z.array(Id).max(MOST_CHECKS).default([]),
  login: AccountLogin.nullable().default(null),
  at: Time,
});
export type AccountStatus = z.infer<typeof AccountStatus>;

/** Topic `channels`, compacted; key: the channel, or `status:<accountId>`. */
export const ChannelsEvent = z.discriminatedUnion('type', [
  eventOf('channel.defined', ChannelDefinition),
  eventOf('account.status', AccountStatus),
]);
export type ChannelsEvent = z.infer<typeof ChannelsEvent>;
