import type { Agent, Presence, Role, Team } from '@huiliu/contracts';
import { fromDbTime, fromDbTimeOrNull, type Row } from '@huiliu/storage';

/** An agent as this process knows them. A record with a higher `revision` replaces one with a lower. */
export interface AgentRecord {
  readonly id: string;
  readonly username: string;
  readonly name: string;
  readonly role: Role;
  readonly capacity: number;
  readonly disabled: boolean;
  readonly presence: Presence;
  readonly presenceReason: string | null;
  readonly presenceSince: string;
  /** The last socket has been gone for the grace period. */
  readonly gone: boolean;
  readonly revision: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface TeamRecord extends Team {
  readonly revision: number;
}

/** An account; secret fields of `config` are sealed (`enc:…`). */
export interface AccountRecord {
  readonly id: string;
  readonly channel: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly revision: number;
  readonly deletedAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export const AGENT_COLUMNS =
  'id, username, name, role, capacity, disabled, presence, presence_reason, presence_since, had_socket, socket_lost_at, gone, revision, created_at, updated_at';

export function agentOfRow(row: Row): AgentRecord {
  return {
    id: String(row.id),
    username: String(row.username),
    name: String(row.name),
    role: row.role as Role,
    capacity: Number(row.capacity),
    disabled: Number(row.disabled) === 1,
    presence: row.presence as Presence,
    presenceReason: row.presence_reason as string | null,
    presenceSince: fromDbTime(String(row.presence_since)),
    gone: Number(row.gone) === 1,
    revision: Number(row.revision),
    createdAt: fromDbTime(String(row.created_at)),
    updatedAt: fromDbTime(String(row.updated_at)),
  };
}

/** An agent as another process tells of them. Of one who is gone it tells the presence as it counts: offline. */
export function agentOfFact(agent: Agent, revision: number, gone: boolean): AgentRecord {
  const { id, username, name, role, capacity, disabled, presence, createdAt, updatedAt } = agent;
  const { status, reason, since } = presence;
  return {
    id,
    username,
    name,
    role,
    capacity,
    disabled,
    presence: status,
    presenceReason: reason,
    presenceSince: since,
    gone,
    revision,
    createdAt,
    updatedAt,
  };
}

export function teamOfRow(row: Row, agentIds: readonly string[], accountIds: readonly string[]): TeamRecord {
  return {
    id: String(row.id),
    name: String(row.name),
    agentIds: [...agentIds],
    accountIds: [...accountIds],
    acceptSeconds: row.accept_seconds === null ? null : Number(row.accept_seconds),
    ownOnly: Number(row.own_only) === 1,
    revision: Number(row.revision),
    createdAt: fromDbTime(String(row.created_at)),
    updatedAt: fromDbTime(String(row.updated_at)),
  };
}

export function accountOfRow(row: Row): AccountRecord {
  return {
    id: String(row.id),
    channel: String(row.channel),
    name: String(row.name),
    config: JSON.parse(String(row.config)) as Record<string, unknown>,
    revision: Number(row.revision),
    deletedAt: fromDbTimeOrNull(row.deleted_at as string | null),
    createdAt: fromDbTime(String(row.created_at)),
    updatedAt: fromDbTime(String(row.updated_at)),
  };
}

/** The team without what only this process needs. */
export function presentTeam(record: TeamRecord): Team {
  const { revision: _revision, ...team } = record;
  return team;
}
