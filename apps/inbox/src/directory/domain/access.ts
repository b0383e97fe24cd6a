import type { ConversationAccess, Role } from '@huiliu/contracts';

/** Whose eyes are meant. */
export interface AccessViewer {
  readonly id: string;
  readonly role: Role;
}

/** A team as far as sight goes. */
export interface AccessTeam {
  readonly id: string;
  readonly agentIds: readonly string[];
  readonly accountIds: readonly string[];
  /** Narrows its agents to the conversations assigned to them. */
  readonly ownOnly: boolean;
}

/** A condition for a WHERE clause and what is bound to it. */
export interface AccessCondition {
  readonly sql: string;
  readonly params: readonly string[];
}

/**
 * Everything about teams that sight depends on, indexed once for each change of a team. `unservedToAdmins` restricts
 * conversations without a team on accounts that no team serves to admins.
 */
export class AccessRules {
  private readonly teamsOf = new Map<string, AccessTeam[]>();
  private readonly serving = new Map<string, Set<string>>();
  private readonly sights = new Map<string, { readonly role: Role; readonly sight: Sight }>();

  constructor(
    teams: Iterable<AccessTeam>,
    private readonly unservedToAdmins = false,
  ) {
    for (const team of teams) {
      for (const agentId of team.agentIds) push(this.teamsOf, agentId, team);
      for (const accountId of team.accountIds) {
        const ids = this.serving.get(accountId) ?? new Set<string>();
        this.serving.set(accountId, ids.add(team.id));
      }
    }
  }

  /**
   * One sees a conversation if one is its assignee, in its team or, where it has no team, in a team that serves its account
   * (any agent where none does). Admins see all; a team with `ownOnly` gives its agents no sight beyond their own.
   */
  canSee(viewer: AccessViewer, access: ConversationAccess): boolean {
    if (viewer.role === 'admin' || access.assigneeId === viewer.id) return true;
    const { teamIds, unserved } = this.sightOf(viewer);
    if (access.teamId !== null) return teamIds.has(access.teamId);
    const serving = this.serving.get(access.accountId);
    if (serving === undefined) return unserved;
    for (const teamId of serving) if (teamIds.has(teamId)) return true;
    return false;
  }

  /** The same rule as a condition over `c.assignee_id`, `c.team_id` and `c.account_id` of `inbox_conversations c`. */
  visibleWhere(viewer: AccessViewer): AccessCondition {
    if (viewer.role === 'admin') return { sql: '1 = 1', params: [] };
    const { teamIds, unserved } = this.sightOf(viewer);
    const accountIds = [...this.serving]
      .filter(([, serving]) => [...serving].some((id) => teamIds.has(id)))
      .map(([id]) => id);
    const parts = ['c.assignee_id = ?'];
    const params = [viewer.id];
    if (teamIds.size > 0) {
      parts.push(`c.team_id IN (${marks(teamIds.size)})`);
      params.push(...teamIds);
    }
    if (accountIds.length > 0) {
      parts.push(`(c.team_id IS NULL AND c.account_id IN (${marks(accountIds.length)}))`);
      params.push(...accountIds);
    }
    if (unserved) {
      const served = [...this.serving.keys()];
      parts.push(
        served.length === 0
          ? 'c.team_id IS NULL'
          : `(c.team_id IS NULL AND c.account_id NOT IN (${marks(served.length)}))`,
      );
      params.push(...served);
    }
    return { sql: `(${parts.join(' OR ')})`, params };
  }

  /** Worked out once per viewer: every frame that is sent asks for it. */
  private sightOf(viewer: AccessViewer): Sight {
    const known = this.sights.get(viewer.id);
    if (known?.role === viewer.role) return known.sight;
    const sight = this.workOutSight(viewer);
    this.sights.set(viewer.id, { role: viewer.role, sight });
    return sight;
  }

  private workOutSight(viewer: AccessViewer): Sight {
    const mine = this.teamsOf.get(viewer.id) ?? [];
    const open = viewer.role === 'agent' ? mine.filter((team) => !team.ownOnly) : mine;
    const narrowed = open.length === 0 && mine.length > 0;
    return { teamIds: new Set(open.map((team) => team.id)), unserved: !this.unservedToAdmins && !narrowed };
  }
}

/** The teams whose work a viewer sees, and whether they see what nobody serves. */
interface Sight {
  readonly teamIds: ReadonlySet<string>;
  readonly unserved: boolean;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

const marks = (count: number): string => Array.from({ length: count }, () => '?').join(', ');
