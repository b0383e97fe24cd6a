import { z } from 'zod';
import { Agent, Offer, Team } from './agent';
import { Conversation, ConversationAccess } from './conversation';
import { eventOf } from './envelope';
import { Id } from './ids';
import { Message } from './message';

/** A message was stored or changed. `public` is what the customer may see too; `access` is who of us may. */
export const MessageFact = z.object({
  message: Message,
  accountId: Id,
  public: z.boolean(),
  access: ConversationAccess,
});
export type MessageFact = z.infer<typeof MessageFact>;

/** A conversation changed. `before` is who could see it until now; null when it is new. */
export const ConversationFact = z.object({
  conversation: Conversation,
  access: ConversationAccess,
  before: ConversationAccess.nullable(),
});
export type ConversationFact = z.infer<typeof ConversationFact>;

/** Topic `inbox.events`; key: conversationId, or the agent's or team's id. */
export const InboxEvent = z.discriminatedUnion('type', [
  eventOf('message.created', MessageFact),
  eventOf('message.updated', MessageFact),
  eventOf('conversation.updated', ConversationFact),
  /** `revision` grows with each change of the agent (of the team): processes keep the highest. `gone`: the last socket is lost. */
  eventOf(
    'agent.updated',
    z.object({ agent: Agent, revision: z.number().int().optional(), gone: z.boolean().optional() }),
  ),
  eventOf('team.updated', z.object({ team: Team, revision: z.number().int().optional() })),
  eventOf('offer.created', z.object({ offer: Offer })),
  eventOf('offer.ended', z.object({ offer: Offer })),
]);
export type InboxEvent = z.infer<typeof InboxEvent>;
export type InboxEventType = InboxEvent['type'];
