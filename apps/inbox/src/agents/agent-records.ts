import type { Agent, Presence } from '@huiliu/contracts';
import type { BusRecord } from '@huiliu/bus';
import type { Queryable, Row } from '@huiliu/storage';
import { presentTeam, type AgentRecord, type TeamRecord } from '../directory/records';
import { inboxEvent, routingWork } from '../events/records';

/** Who is gone or disabled counts as offline, whatever they chose before. */
export function effectivePresence(agent: AgentRecord): Presence {
  return agent.gone || agent.disabled ? 'offline' : agent.presence;
}

/** Agents as the API shows them, with their load and teams as of `q`. */
export async function presentAgents(q: Queryable, agents: readonly AgentRecord[]): Promise<Agent[]> {
  if (agents.length === 0) return [];
  const ids = agents.map((agent) => agent.id);
  const among = `IN (${ids.map(() => '?').join(', ')})`;
  const loads = await q.query<Row>(
    `SELECT assignee_id, COUNT(*) AS open_count FROM inbox_conversations WHERE status = 'open' AND assignee_id ${among} GROUP BY assignee_id`,
    ids,
  );
  const memberships = await q.query<Row>(
    `SELECT team_id, agent_id FROM inbox_team_agents WHERE agent_id ${among} ORDER BY team_id`,
    ids,
  );
  const loadOf = new Map(loads.map((row) => [String(row.assignee_id), Number(row.open_count)]));
  return agents.map((agent) => ({
    id: agent.id,
    username: agent.username,
    name: agent.name,
    role: agent.role,
    capacity: agent.capacity,
    disabled: agent.disabled,
    presence: {
      status: effectivePresence(agent),
      reason: agent.gone ? null : agent.presenceReason,
      since: agent.presenceSince,
    },
    load: loadOf.get(agent.id) ?? 0,
    teamIds: memberships.filter((row) => row.agent_id === agent.id).map((row) => String(row.team_id)),
    createdAt: agent.createdAt,
    updatedAt: agent.updatedAt,
  }));
}

/** `agent.updated` for screens and other processes. */
export function agentUpdated(agent: Agent, record: AgentRecord, now: Date): BusRecord {
  return inboxEvent('agent.updated', agent.id, { agent, revision: record.revision, gone: record.gone }, now);
}

/** `agent.changed` for routing: always the whole. */
export function agentChanged(agent: AgentRecord, now: Date): BusRecord {
  const data = {
    agentId: agent.id,
    revision: agent.revision,
    name: agent.name,
    role: agent.role,
    capacity: agent.capacity,
    presence: agent.presence,
    presenceSince: agent.presenceSince,
    disabled: agent.disabled,
    gone: agent.gone,
  };
  return routingWork('agent.changed', data, now);
}

/** `agent.gone` for routing, with the conversations in which a customer waits for this agent. */
export async function agentGone(q: Queryable, agentId: string, now: Date): Promise<BusRecord> {
  const rows = await q.query<Row>(
    `SELECT id, assignment_version FROM inbox_conversations WHERE assignee_id = ? AND status = 'open' AND waiting_since IS NOT NULL ORDER BY waiting_since, id`,
    [agentId],
  );
  const unanswered = rows.map((row) => ({ conversationId: String(row.id), version: Number(row.assignment_version) }));
  return routingWork('agent.gone', { agentId, unanswered }, now);
}

/** `team.updated` for screens and other processes. */
export function teamUpdated(record: TeamRecord, now: Date): BusRecord {
  return inboxEvent('team.updated', record.id, { team: presentTeam(record), revision: record.revision }, now);
}

/** `team.changed` for routing: always the whole. */
export function teamChanged(record: TeamRecord, now: Date): BusRecord {
  const { id, revision, name, agentIds, accountIds, acceptSeconds } = record;
  return routingWork('team.changed', { teamId: id, revision, name, agentIds, accountIds, acceptSeconds }, now);
}
