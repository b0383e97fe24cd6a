import { z } from 'zod';
import { ChannelName } from './ids';
import { CONTENT_KINDS } from './content';

/** How well a channel carries one kind of content. `fallback`: sent as text and link; `drop`: left out silently; `reject`: refused with the reason. */
export const Support = z.enum(['full', 'partial', 'fallback', 'drop', 'reject']);
export type Support = z.infer<typeof Support>;

export const KindCapability = z.object({
  support: Support,
  maxBytes: z.number().int().positive().optional(),
  maxChars: z.number().int().positive().optional(),
  mime: z.array(z.string()).optional(),
});
export type KindCapability = z.infer<typeof KindCapability>;

/** One rule of a platform's reply window: what opens it, for how long, and for how many messages (null: unlimited). */
export const WindowRule = z.object({
  opens: z.array(z.string()).min(1),
  seconds: z.number().int().positive(),
  messages: z.number().int().positive().nullable(),
});
export type WindowRule = z.infer<typeof WindowRule>;

/**
 * Conversations of a channel that are not like its others: those whose remote id begins with `prefix` (the public comments of a platform
 * beside its private messages). `outbound` holds only what differs from the channel's own.
 */
export const ConversationKind = z.object({
  prefix: z.string().min(1).max(32),
  name: z.object({ zh: z.string(), en: z.string() }),
  outbound: z.partialRecord(z.enum(CONTENT_KINDS), KindCapability),
});
export type ConversationKind = z.infer<typeof ConversationKind>;

/** What a connector can do, as data: published at start, shown by `GET /channels`, enforced by the kit and the inbox. */
export const ChannelDefinition = z.object({
  channel: ChannelName,
  /** The app that runs this connector; its outbound topic is `channel.outbound.<app>`. */
  app: z.string(),
  version: z.number().int(),
  name: z.object({ zh: z.string(), en: z.string() }),
  ingress: z.enum(['webhook', 'poll', 'socket', 'visitor']),
  /** JSON Schema of an account's `config`, `title`s in both languages as `x-zh`/`x-en`. */
  configSchema: z.record(z.string(), z.unknown()),
  /** Dotted paths of the config fields that are secret. */
  secrets: z.array(z.string()),
  inbound: z.array(z.enum(CONTENT_KINDS)),
  outbound: z.partialRecord(z.enum(CONTENT_KINDS), KindCapability),
  kinds: z.array(ConversationKind).optional(),
  edits: z.boolean(),
  recall: z.object({ inbound: z.boolean(), outbound: z.boolean(), withinSeconds: z.number().int().nullable() }),
  receipts: z.array(z.enum(['delivered', 'read'])),
  typing: z.object({ inbound: z.boolean(), outbound: z.boolean() }),
  /** The platform has people of its own (servicers), to whom a conversation can be handed. */
  handover: z.boolean().optional(),
  /** Empty: one may always write. `reserve` messages are kept for people; automatic texts may not touch them. */
  replyWindow: z.object({ rules: z.array(WindowRule), reserve: z.number().int().nonnegative() }),
});
export type ChannelDefinition = z.infer<typeof ChannelDefinition>;

/** What one conversation of a channel can carry. */
export function outboundOf(
  definition: Pick<ChannelDefinition, 'outbound' | 'kinds'>,
  remoteConversationId: string,
): ChannelDefinition['outbound'] {
  const kind = definition.kinds?.find(({ prefix }) => remoteConversationId.startsWith(prefix));
  return kind === undefined ? definition.outbound : { ...definition.outbound, ...kind.outbound };
}
