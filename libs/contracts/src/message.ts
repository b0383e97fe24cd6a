import { z } from 'zod';
import { Content } from './content';
import { Id, Time } from './ids';

export const DIRECTIONS = ['inbound', 'outbound', 'note', 'system'] as const;
export const Direction = z.enum(DIRECTIONS);
export type Direction = z.infer<typeof Direction>;

export const AUTHOR_TYPES = ['contact', 'agent', 'bot', 'auto', 'external', 'system'] as const;
/** Who wrote: `auto` are rule-made texts, `external` one of us in the platform's own tool. */
export const Author = z.object({ type: z.enum(AUTHOR_TYPES), id: z.string().nullable(), name: z.string() });
export type Author = z.infer<typeof Author>;

export const MESSAGE_STATES = ['received', 'queued', 'sent', 'delivered', 'read', 'failed', 'unknown'] as const;
export const MessageState = z.enum(MESSAGE_STATES);
export type MessageState = z.infer<typeof MessageState>;

export const ERROR_KINDS = [
  'transient',
  'rate_limited',
  'auth',
  'window_closed',
  'rejected',
  'unsupported',
  'outcome_unknown',
] as const;
/** Why a send did not succeed: our kind, the platform's own code as a string, and words for a person. */
export const SendError = z.object({
  kind: z.enum(ERROR_KINDS),
  code: z.string().max(128),
  message: z.string().max(2000),
});
export type SendError = z.infer<typeof SendError>;

/** One entry of a conversation. `seq` counts 1, 2, 3 … and is given by the inbox. */
export const Message = z.object({
  id: Id,
  conversationId: Id,
  seq: z.number().int().positive(),
  direction: Direction,
  author: Author,
  content: Content,
  state: MessageState,
  error: SendError.nullable(),
  remoteId: z.string().nullable(),
  remoteIds: z.array(z.string()),
  clientId: z.string().nullable(),
  recalledAt: Time.nullable(),
  createdAt: Time,
});
export type Message = z.infer<typeof Message>;
