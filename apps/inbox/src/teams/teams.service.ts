import { Injectable } from '@nestjs/common';
import type { CreateTeam, Team, UpdateTeam } from '@huiliu/contracts';
import { badRequest, newId, notFound } from '@huiliu/platform';
import { Clock, Database, Outbox, toDbTime, type Row, type Tx } from '@huiliu/storage';
import { teamChanged, teamUpdated } from '../agents/agent-records';
import { AgentWriter } from '../agents/agent-writer';
import { Directory } from '../directory/directory';
import { DirectoryRepository } from '../directory/directory.repository';
import { presentTeam, type TeamRecord } from '../directory/records';
import { addToOutbox } from '../events/records';

@Injectable()
export class TeamsService {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly repository: DirectoryRepository,
    private readonly directory: Directory,
    private readonly agents: AgentWriter,
  ) {}

  /** Every team, by name. */
  async list(): Promise<Team[]> {
    const records = await this.repository.teams();
    return records.sort((a, b) => (a.name < b.name ? -1 : 1)).map(presentTeam);
  }

  /** A new team; 400 `unknown_members` names agents and accounts that do not exist. */
  async create(input: CreateTeam): Promise<Team> {
    const id = newId();
    return this.db.transaction(async (tx) => {
      const members = distinctMembers(input);
      await this.assertKnown(tx, members);
      const now = toDbTime(this.clock.now());
      await tx.insertMany(
        'inbox_teams',
        ['id', 'name', 'accept_seconds', 'own_only', 'created_at', 'updated_at'],
        [[id, input.name, input.acceptSeconds, input.ownOnly ? 1 : 0, now, now]],
      );
      await this.replaceMembers(tx, id, members);
      return this.announce(tx, id, members.agentIds);
    });
  }

  /** Changes what is given. */
  async update(id: string, input: UpdateTeam): Promise<Team> {
    return this.db.transaction(async (tx) => {
      if ((await tx.lock('inbox_teams', 'id', [id])).length === 0) throw notFound('team');
      const [before] = await this.repository.teams([id], tx);
      if (before === undefined) throw notFound('team');
      const members = distinctMembers({
        agentIds: input.agentIds ?? before.agentIds,
        accountIds: input.accountIds ?? before.accountIds,
      });
      // Who is in the team already may stay, an account deleted meanwhile too: its conversations are still the team's to see.
      await this.assertKnown(tx, {
        agentIds: without(members.agentIds, before.agentIds),
        accountIds: without(members.accountIds, before.accountIds),
      });
      const after = { ...before, ...input };
      await tx.execute(
        'UPDATE inbox_teams SET name = ?, accept_seconds = ?, own_only = ?, revision = revision + 1, updated_at = ? WHERE id = ?',
        [after.name, after.acceptSeconds, after.ownOnly ? 1 : 0, toDbTime(this.clock.now()), id],
      );
      await this.replaceMembers(tx, id, members);
      return this.announce(tx, id, [
        ...without(members.agentIds, before.agentIds),
        ...without(before.agentIds, members.agentIds),
      ]);
    });
  }

  /** Tells everyone how the team stands, and of the agents who came or left. */
  private async announce(tx: Tx, id: string, movedAgentIds: readonly string[]): Promise<Team> {
    const [record] = await this.repository.teams([id], tx);
    if (record === undefined) throw new Error(`team ${id} vanished inside a transaction`);
    const now = this.clock.now();
    await addToOutbox(this.outbox, tx, [teamUpdated(record, now), teamChanged(record, now)]);
    tx.afterCommit(() => this.directory.putTeam(record));
    const moved = [...movedAgentIds].sort();
    await tx.lock('inbox_agents', 'id', moved);
    for (const agentId of moved) await this.agents.write(tx, agentId, {});
    return presentTeam(record);
  }

  private async assertKnown(tx: Tx, members: Members): Promise<void> {
    const agentIds = without(members.agentIds, await existing(tx, 'inbox_agents', members.agentIds));
    const accountIds = without(
      members.accountIds,
      await existing(tx, 'inbox_accounts', members.accountIds, ' AND deleted_at IS NULL'),
    );
    if (agentIds.length + accountIds.length > 0)
      throw badRequest('unknown_members', `unknown: ${[...agentIds, ...accountIds].join(', ')}`, {
        agentIds,
        accountIds,
      });
  }

  private async replaceMembers(tx: Tx, id: string, members: Members): Promise<void> {
    await tx.execute('DELETE FROM inbox_team_agents WHERE team_id = ?', [id]);
    await tx.execute('DELETE FROM inbox_team_accounts WHERE team_id = ?', [id]);
    const agents = members.agentIds.map((agentId) => [id, agentId]);
    const accounts = members.accountIds.map((accountId) => [id, accountId]);
    if (agents.length > 0) await tx.insertMany('inbox_team_agents', ['team_id', 'agent_id'], agents);
    if (accounts.length > 0) await tx.insertMany('inbox_team_accounts', ['team_id', 'account_id'], accounts);
  }
}

type Members = Pick<TeamRecord, 'agentIds' | 'accountIds'>;

const distinctMembers = (members: Members): Members => ({
  agentIds: [...new Set(members.agentIds)],
  accountIds: [...new Set(members.accountIds)],
});

const without = (ids: readonly string[], others: readonly string[]): string[] => {
  const known = new Set(others);
  return ids.filter((id) => !known.has(id));
};

async function existing(
  tx: Tx,
  table: 'inbox_agents' | 'inbox_accounts',
  ids: readonly string[],
  condition = '',
): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await tx.query<Row>(
    `SELECT id FROM ${table} WHERE id IN (${ids.map(() => '?').join(', ')})${condition}`,
    ids,
  );
  return rows.map((row) => String(row.id));
}
