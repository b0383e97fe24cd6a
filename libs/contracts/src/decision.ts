import { z } from 'zod';
import { Id, Time } from './ids';

/** How an agent was looked at when a decision was made. */
export const Candidate = z.object({
  agentId: Id,
  name: z.string(),
  load: z.number(),
  capacity: z.number(),
  idleSince: Time.nullable(),
  /** Why this agent could not take the work; null when they could. */
  excluded: z.enum(['offline', 'away', 'paused', 'gone', 'disabled', 'full', 'declined', 'not_in_pool']).nullable(),
});
export type Candidate = z.infer<typeof Candidate>;

/** Why a decision came out as it did; enough to explain it without the rules at hand. */
export const DecisionReason = z.object({
  strategy: z.enum(['sticky', 'longest_idle', 'waiting', 'agent_gone', 'by_hand']),
  /** The pool that the work was matched in. */
  queue: z.string(),
  /** Milliseconds from when the work began to wait to the decision. */
  waitedMs: z.number().int().nonnegative(),
  rulesVersion: z.number().int(),
  candidates: z.array(Candidate),
  /** How many candidates there were beyond those listed. */
  omitted: z.number().int().nonnegative().default(0),
});
export type DecisionReason = z.infer<typeof DecisionReason>;

/** A stored decision: "why this agent". */
export const Decision = z.object({
  id: Id,
  conversationId: Id,
  type: z.enum(['assigned', 'offered', 'queued', 'offer_expired', 'requeued', 'by_hand', 'refused']),
  agent: z.object({ id: Id, name: z.string() }).nullable(),
  by: z.object({ id: Id, name: z.string() }).nullable(),
  reason: DecisionReason,
  assignmentVersion: z.number().int(),
  createdAt: Time,
});
export type Decision = z.infer<typeof Decision>;
