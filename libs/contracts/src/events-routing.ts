import { z } from 'zod';
import { Presence, Role } from './agent';
import { Priority } from './conversation';
import { DecisionReason } from './decision';
import { eventOf } from './envelope';
import { Id, Time } from './ids';

const version = z.number().int().nonnegative();

/** A conversation needs an agent. Routing never sees its text. */
export const WorkCreated = z.object({
  conversationId: Id,
  version,
  accountId: Id,
  teamId: Id.nullable(),
  priority: Priority,
  weight: z.number().int().positive().default(1),
  /** Who had it last, for 熟客优先. */
  lastAgentId: Id.nullable(),
  /** Since when it waits; the age never starts anew. */
  waitingSince: Time,
});
export type WorkCreated = z.infer<typeof WorkCreated>;

/** An agent as routing sees them: always the whole, the highest `revision` holds. */
export const AgentChanged = z.object({
  agentId: Id,
  revision: z.number().int().positive(),
  name: z.string(),
  role: Role,
  capacity: z.number().int().nonnegative(),
  presence: Presence,
  presenceSince: Time,
  disabled: z.boolean(),
  /** Had a socket, lost the last one, and the grace period is over. */
  gone: z.boolean().default(false),
});
export type AgentChanged = z.infer<typeof AgentChanged>;
export const TeamChanged = z.object({
  teamId: Id,
  revision: z.number().int().positive(),
  name: z.string(),
  agentIds: z.array(Id),
  accountIds: z.array(Id),
  acceptSeconds: z.number().int().nullable(),
});
export type TeamChanged = z.infer<typeof TeamChanged>;

/**
 * What the inbox has committed about who owns a conversation, by routing's proposal or by hand. With `agentId: null` and no
 * `work.created` behind it the conversation waits for nobody.
 */
export const AssignmentChanged = z.object({
  conversationId: Id,
  version,
  agentId: Id.nullable(),
  weight: z.number().int().positive().default(1),
  by: z.enum(['routing', 'hand', 'system']),
  accountId: Id,
  teamId: Id.nullable(),
});
export type AssignmentChanged = z.infer<typeof AssignmentChanged>;

/** Topic `routing.work`, one partition. */
export const RoutingWorkEvent = z.discriminatedUnion('type', [
  eventOf('work.created', WorkCreated),
  eventOf('work.closed', z.object({ conversationId: Id, version, reason: z.enum(['resolved', 'snoozed', 'deleted']) })),
  eventOf('work.reprioritised', z.object({ conversationId: Id, priority: Priority })),
  eventOf('assignment.changed', AssignmentChanged),
  eventOf(
    'decision.refused',
    z.object({ conversationId: Id, version, agentId: Id, reason: z.enum(['stale', 'full', 'ineligible', 'closed']) }),
  ),
  eventOf(
    'offer.answered',
    z.object({ offerId: Id, conversationId: Id, agentId: Id, answer: z.enum(['accepted', 'declined']), version }),
  ),
  eventOf('agent.changed', AgentChanged),
  /** The last socket has been gone for the grace period. `unanswered`: their conversations in which a customer waits. */
  eventOf('agent.gone', z.object({ agentId: Id, unanswered: z.array(z.object({ conversationId: Id, version })) })),
  eventOf('team.changed', TeamChanged),
]);
export type RoutingWorkEvent = z.infer<typeof RoutingWorkEvent>;

const decided = z.object({ conversationId: Id, version, reason: DecisionReason });

/** Topic `routing.decisions`; key: conversationId. `version` is the assignmentVersion that was seen. */
export const RoutingDecisionEvent = z.discriminatedUnion('type', [
  eventOf('work.queued', decided),
  eventOf('work.assigned', decided.extend({ agentId: Id })),
  eventOf('work.offered', decided.extend({ agentId: Id, offerId: Id, expiresAt: Time })),
  eventOf('offer.expired', decided.extend({ agentId: Id, offerId: Id })),
  /** Take it from an agent who is gone; it is queued again with its age. */
  eventOf('work.requeued', decided.extend({ agentId: Id })),
]);
export type RoutingDecisionEvent = z.infer<typeof RoutingDecisionEvent>;
