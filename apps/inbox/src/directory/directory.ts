import { Injectable } from '@nestjs/common';
import type { ChannelDefinition, ConversationAccess } from '@huiliu/contracts';
import type { SqlValue } from '@huiliu/storage';
import type { Viewer } from '../auth/viewer';
import { ChannelRegistry } from '../channels/channel-registry';
import { AccessRules } from './domain/access';
import { DirectoryRepository } from './directory.repository';
import type { AccountRecord, AgentRecord, TeamRecord } from './records';

export type { AccountRecord, AgentRecord, TeamRecord } from './records';

/** What has changed in the directory. `accessOf`: agents whose sight may have changed by it. */
export type DirectoryChange =
  | { readonly kind: 'agent'; readonly before: AgentRecord | undefined; readonly after: AgentRecord }
  | { readonly kind: 'team'; readonly before: TeamRecord | undefined; readonly after: TeamRecord };

/**
 * Agents, teams, accounts and channels as this process knows them: in memory, loaded before it is ready, refreshed after each
 * change here and by the facts of other processes. Records only ever advance: a lower `revision` than the known one is ignored.
 */
@Injectable()
export class Directory {
  private readonly agentsById = new Map<string, AgentRecord>();
  private readonly teamsById = new Map<string, TeamRecord>();
  private readonly accountsById = new Map<string, AccountRecord>();
  private readonly listeners = new Set<(change: DirectoryChange) => void>();
  private rules = new AccessRules([]);

  constructor(
    private readonly repository: DirectoryRepository,
    private readonly channels: ChannelRegistry,
  ) {}

  /** Reads everything from the database; what is newer in memory stays. */
  async load(): Promise<void> {
    for (const agent of await this.repository.agents()) this.putAgent(agent);
    for (const team of await this.repository.teams()) this.putTeam(team);
    for (const account of await this.repository.accounts()) this.putAccount(account);
  }

  async reloadAgent(id: string): Promise<void> {
    for (const agent of await this.repository.agents([id])) this.putAgent(agent);
  }

  async reloadTeam(id: string): Promise<void> {
    for (const team of await this.repository.teams([id])) this.putTeam(team);
  }

  async reloadAccount(id: string): Promise<void> {
    for (const account of await this.repository.accounts([id])) this.putAccount(account);
  }

  agent(id: string): AgentRecord | undefined {
    return this.agentsById.get(id);
  }

  agents(): AgentRecord[] {
    return [...this.agentsById.values()];
  }

  team(id: string): TeamRecord | undefined {
    return this.teamsById.get(id);
  }

  teams(): TeamRecord[] {
    return [...this.teamsById.values()];
  }

  teamsOf(agentId: string): TeamRecord[] {
    return this.teams().filter((team) => team.agentIds.includes(agentId));
  }

  teamsServing(accountId: string): TeamRecord[] {
    return this.teams().filter((team) => team.accountIds.includes(accountId));
  }

  /** A configured account; a deleted one is still found, with `deletedAt`, since its conversations remain. */
  account(id: string): AccountRecord | undefined {
    return this.accountsById.get(id);
  }

  /** The accounts that are not deleted. */
  accounts(): AccountRecord[] {
    return [...this.accountsById.values()].filter((account) => account.deletedAt === null);
  }

  definition(channel: string): ChannelDefinition | undefined {
    return this.channels.definition(channel);
  }

  canSee(viewer: Pick<Viewer, 'id' | 'role'>, access: ConversationAccess): boolean {
    return this.rules.canSee(viewer, access);
  }

  /** A condition over `assignee_id`, `team_id` and `account_id` of `inbox_conversations`, aliased `c`: exactly what `canSee` says. */
  visibleWhere(viewer: Pick<Viewer, 'id' | 'role'>): { sql: string; params: SqlValue[] } {
    const { sql, params } = this.rules.visibleWhere(viewer);
    return { sql, params: [...params] };
  }

  /** Takes over a record unless a newer one is known; answers whether it did. */
  putAgent(after: AgentRecord): boolean {
    const before = this.agentsById.get(after.id);
    if (before && before.revision >= after.revision) return false;
    this.agentsById.set(after.id, after);
    this.tell({ kind: 'agent', before, after });
    return true;
  }

  putTeam(after: TeamRecord): boolean {
    const before = this.teamsById.get(after.id);
    if (before && before.revision >= after.revision) return false;
    this.teamsById.set(after.id, after);
    this.rules = new AccessRules(this.teamsById.values());
    this.tell({ kind: 'team', before, after });
    return true;
  }

  putAccount(after: AccountRecord): boolean {
    const before = this.accountsById.get(after.id);
    if (before && before.revision >= after.revision) return false;
    this.accountsById.set(after.id, after);
    return true;
  }

  /** Calls `listener` at once after each change of an agent or team; the answer ends it. */
  onChange(listener: (change: DirectoryChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private tell(change: DirectoryChange): void {
    for (const listener of this.listeners) listener(change);
  }
}
