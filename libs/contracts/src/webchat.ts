import { z } from 'zod';
import { Content, SafeText, WritableContent } from './content';
import { ClientId, Id, Time } from './ids';
import { AUTHOR_TYPES, Direction, MessageState } from './message';

export const VisitorSessionRequest = z.strictObject({
  token: z.string().max(2048).nullish(),
  identity: z
    .strictObject({ id: SafeText.min(1).max(255), name: SafeText.max(255).optional(), hash: z.string().max(128) })
    .nullish(),
});
export const VisitorSession = z.object({ token: z.string(), visitorId: Id, conversationId: Id });
export type VisitorSession = z.infer<typeof VisitorSession>;

export const VisitorPost = z.strictObject({ clientId: ClientId, content: WritableContent });
export const VisitorPosted = z.object({ id: Id, clientId: z.string(), acceptedAt: Time });
export const VisitorMessagesQuery = z.object({ after: z.coerce.number().int().nonnegative().default(0) });

/** A message as a visitor sees it: nothing of assignment or teams. */
export const VisitorMessage = z.object({
  id: Id,
  conversationId: Id,
  seq: z.number().int(),
  direction: Direction,
  author: z.object({ type: z.enum(AUTHOR_TYPES), name: z.string() }),
  content: Content,
  state: MessageState,
  clientId: z.string().nullable(),
  recalledAt: Time.nullable(),
  createdAt: Time,
});
export type VisitorMessage = z.infer<typeof VisitorMessage>;
