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
  edits: z.boolean(),
  recall: z.object({ inbound: z.boolean(), outbound: z.boolean(), withinSeconds: z.number().int().nullable() }),
  receipts: z.array(z.enum(['delivered', 'read'])),
  typing: z.object({ inbound: z.boolean(), outbound: z.boolean() }),
  /** Empty: one may always write. `reserve` messages are kept for people; automatic texts may not touch them. */
  replyWindow: z.object({ rules: z.array(WindowRule), reserve: z.number().int().nonnegative() }),
});
export type ChannelDefinition = z.infer<typeof ChannelDefinition>;
