import { z } from 'zod';
import { Id, Time } from './ids';
import { SafeText } from './content';

export const Presence = z.enum(['online', 'paused', 'away', 'offline']);
export type Presence = z.infer<typeof Presence>;
export const Role = z.enum(['agent', 'supervisor', 'admin']);
export type Role = z.infer<typeof Role>;

/** Someone of ours. `load` is the number of open conversations assigned to them. */
export const Agent = z.object({
  id: Id,
  username: z.string(),
  name: z.string(),
  role: Role,
  capacity: z.number().int().nonnegative(),
  disabled: z.boolean(),
  presence: z.object({ status: Presence, reason: z.string().nullable(), since: Time }),
  load: z.number().int().nonnegative(),
  teamIds: z.array(Id),
  createdAt: Time,
  updatedAt: Time,
});
export type Agent = z.infer<typeof Agent>;

export const Username = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._@-]{0,63}$/, 'expected letters, digits and . _ @ -, at most 64');
export const Password = z.string().min(8).max(256);
const capacity = z.number().int().min(0).max(500);

export const CreateAgent = z.strictObject({
  username: Username,
  name: SafeText.trim().min(1).max(64),
  password: Password,
  role: Role,
  capacity,
});
export type CreateAgent = z.infer<typeof CreateAgent>;
export const UpdateAgent = z.strictObject({
  username: Username.optional(),
  name: SafeText.trim().min(1).max(64).optional(),
  password: Password.optional(),
  role: Role.optional(),
  capacity: capacity.optional(),
  disabled: z.boolean().optional(),
});
export type UpdateAgent = z.infer<typeof UpdateAgent>;
export const SetPresence = z.strictObject({ status: Presence, reason: SafeText.trim().max(200).nullish() });
export const ChangePassword = z.strictObject({ currentPassword: z.string().max(256), newPassword: Password });

/** Who shares a queue. No `acceptSeconds`: work is assigned at once; with it, it is offered for so long. */
export const Team = z.object({
  id: Id,
  name: z.string(),
  agentIds: z.array(Id),
  accountIds: z.array(Id),
  acceptSeconds: z.number().int().nullable(),
  /** Narrows the team's agents to the conversations assigned to them. */
  ownOnly: z.boolean(),
  createdAt: Time,
  updatedAt: Time,
});
export type Team = z.infer<typeof Team>;
export const CreateTeam = z.strictObject({
  name: SafeText.trim().min(1).max(64),
  agentIds: z.array(Id).max(10_000).default([]),
  accountIds: z.array(Id).max(10_000).default([]),
  acceptSeconds: z.number().int().min(1).max(3600).nullable().default(null),
  ownOnly: z.boolean().default(false),
});
export type CreateTeam = z.infer<typeof CreateTeam>;
export const UpdateTeam = z.strictObject({
  name: SafeText.trim().min(1).max(64).optional(),
  agentIds: z.array(Id).max(10_000).optional(),
  accountIds: z.array(Id).max(10_000).optional(),
  acceptSeconds: z.number().int().min(1).max(3600).nullable().optional(),
  ownOnly: z.boolean().optional(),
});
export type UpdateTeam = z.infer<typeof UpdateTeam>;

/** An invitation with a deadline. */
export const Offer = z.object({
  id: Id,
  conversationId: Id,
  agentId: Id,
  state: z.enum(['open', 'accepted', 'declined', 'expired', 'withdrawn']),
  expiresAt: Time,
  createdAt: Time,
  endedAt: Time.nullable(),
});
export type Offer = z.infer<typeof Offer>;
