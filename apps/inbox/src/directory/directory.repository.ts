import { Injectable } from '@nestjs/common';
import { Database, type Queryable, type Row } from '@huiliu/storage';
import {
  accountOfRow,
  AGENT_COLUMNS,
  agentOfRow,
  teamOfRow,
  type AccountRecord,
  type AgentRecord,
  type TeamRecord,
} from './records';

/** Reads agents, teams and accounts as records; with `ids` only those. */
@Injectable()
export class DirectoryRepository {
  constructor(private readonly db: Database) {}

  async agents(ids?: readonly string[], q: Queryable = this.db): Promise<AgentRecord[]> {
    const rows = await q.query(`SELECT ${AGENT_COLUMNS} FROM inbox_agents${among('id', ids)}`, ids ?? []);
    return rows.map(agentOfRow);
  }

  async teams(ids?: readonly string[], q: Queryable = this.db): Promise<TeamRecord[]> {
    const rows = await q.query(`SELECT * FROM inbox_teams${among('id', ids)}`, ids ?? []);
    const agents = await q.query<Row>(
      `SELECT team_id, agent_id AS member FROM inbox_team_agents${among('team_id', ids)} ORDER BY agent_id`,
      ids ?? [],
    );
    const accounts = await q.query<Row>(
      `SELECT team_id, account_id AS member FROM inbox_team_accounts${among('team_id', ids)} ORDER BY account_id`,
      ids ?? [],
    );
    const agentsOf = membersByTeam(agents);
    const accountsOf = membersByTeam(accounts);
    return rows.map((row) => teamOfRow(row, agentsOf.get(String(row.id)) ?? [], accountsOf.get(String(row.id)) ?? []));
  }

  async accounts(ids?: readonly string[], q: Queryable = this.db): Promise<AccountRecord[]> {
    const rows = await q.query(`SELECT * FROM inbox_accounts${among('id', ids)}`, ids ?? []);
    return rows.map(accountOfRow);
  }
}

function among(column: string, ids: readonly string[] | undefined): string {
  if (ids === undefined) return '';
  return ids.length === 0 ? ' WHERE 1 = 0' : ` WHERE ${column} IN (${ids.map(() => '?').join(', ')})`;
}

function membersByTeam(rows: readonly Row[]): Map<string, string[]> {
  const members = new Map<string, string[]>();
  for (const row of rows) {
    const list = members.get(String(row.team_id)) ?? [];
    list.push(String(row.member));
    members.set(String(row.team_id), list);
  }
  return members;
}
