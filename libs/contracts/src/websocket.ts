import { z } from 'zod';
import { Id } from './ids';

/** What an agent's page may send. */
export const AgentClientFrame = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('resume'), seq: z.string().min(1).max(2048) }),
  z.strictObject({ type: z.literal('typing'), conversationId: Id }),
  z.strictObject({ type: z.literal('ping') }),
]);
export type AgentClientFrame = z.infer<typeof AgentClientFrame>;

/** What a visitor's page may send. `read`: the visitor has seen everything up to this message. */
export const VisitorClientFrame = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('resume'), seq: z.string().min(1).max(2048) }),
  // A visitor has one conversation; which is named changes nothing.
  z.strictObject({ type: z.literal('typing'), conversationId: Id.optional() }),
  z.strictObject({ type: z.literal('ping') }),
  z.strictObject({ type: z.literal('read'), messageId: Id }),
]);
export type VisitorClientFrame = z.infer<typeof VisitorClientFrame>;

export const SERVER_FRAME_TYPES = [
  'hello',
  'message.created',
  'message.updated',
  'conversation.updated',
  'conversation.removed',
  'agent.updated',
  'offer.created',
  'offer.ended',
  'reload',
  'pong',
  'typing',
  'error',
] as const;

/** What the server sends. `seq` is opaque: hand the last one back to `resume`; null outside the record. */
export const ServerFrame = z.object({
  seq: z.string().nullable(),
  type: z.enum(SERVER_FRAME_TYPES),
  data: z.unknown(),
});
export type ServerFrame = z.infer<typeof ServerFrame>;
