import { z } from 'zod';
import { Id } from './ids';
import { MOST_SERVICERS, Servicer } from './servicer';

/** Passing signals, outside the record: best effort, kept nowhere, lost when nobody listens. */
export const Signal = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('typing'),
    conversationId: Id,
    by: z.object({ type: z.enum(['contact', 'agent']), id: z.string(), name: z.string() }),
  }),
  /** Tokens or sockets of this agent end now, wherever they are. */
  z.object({ type: z.literal('agent.signed_out'), agentId: Id, tokenHash: z.string().nullable() }),
  /** A platform said that something waits: whoever reads this account pulls. */
  z.object({ type: z.literal('connector.pull'), accountId: Id, hint: z.string().max(512).nullable() }),
  /**
   * Try this account now: heard by whoever speaks for it, who says `account.checking` at once and tells the outcome as the account's status.
   * `revision`: of its configuration, or a later one. `checkId` null: nobody waits.
   */
  z.object({
    type: z.literal('account.check'),
    accountId: Id,
    revision: z.number().int().nonnegative(),
    checkId: Id.nullable(),
  }),
  /** The account is being tried; whoever asked may wait. */
  z.object({ type: z.literal('account.checking'), checkId: Id }),
  /** Who could be handed conversations of this account: answered by every process that runs it; whoever asked takes the first. */
  z.object({ type: z.literal('servicers.ask'), accountId: Id, askId: Id }),
  /** `servicers` null: the platform does not tell, and `error` says why. */
  z.object({
    type: z.literal('servicers.told'),
    askId: Id,
    servicers: z.array(Servicer).max(MOST_SERVICERS).nullable(),
    error: z.string().max(2000).nullable(),
  }),
]);
export type Signal = z.infer<typeof Signal>;
