import BTree from 'sorted-btree';
import type { AgentState, ItemState, TeamState } from './entities';

/** Where an agent stands among others: who has been longest without new work comes first. */
interface Place {
  readonly agent: AgentState;
  readonly idle: number;
  readonly load: number;
  readonly free: boolean;
}

type Places = BTree<Place, true>;

/** Since when an agent has had no new work: since the last assignment, or since they came, whichever is later. */
export function idleSince(agent: AgentState): number {
  return Math.max(agent.lastAssignedAt, Date.parse(agent.presenceSince));
}

function comparePlaces(a: Place, b: Place): number {
  const [one, other] = [a.agent.agentId, b.agent.agentId];
  return a.idle - b.idle || a.load - b.load || (one === other ? 0 : one < other ? -1 : 1);
}

/** The agents of a team, or all: those who could take something now, and the others. */
class Ranking {
  readonly free: Places = new BTree<Place, true>(undefined, comparePlaces);
  readonly busy: Places = new BTree<Place, true>(undefined, comparePlaces);

  add(place: Place): void {
    (place.free ? this.free : this.busy).set(place, true);
  }

  remove(place: Place): void {
    (place.free ? this.free : this.busy).delete(place);
  }
}

/** The agents who may take an item, in the order in which they are asked. */
export class Pool {
  private counted: number | null = null;

  constructor(
    private readonly rankings: readonly Ranking[],
    private readonly count: () => number,
    readonly has: (agentId: string) => boolean,
  ) {}

  /** How many agents are in it. */
  get size(): number {
    return (this.counted ??= this.count());
  }

  /** Who is there and has room. Not to be read on after a change. */
  free(): Iterable<AgentState> {
    return inOrder(this.rankings.map((ranking) => ranking.free));
  }

  /** Everybody else. Not to be read on after a change. */
  busy(): Iterable<AgentState> {
    return inOrder(this.rankings.map((ranking) => ranking.busy));
  }
}

const NOBODY = new Pool(
  [],
  () => 0,
  () => false,
);

/**
 * Who is asked first, by team: a decision among thousands of agents looks at a handful. Derived from agents and teams, told of each
 * change of them.
 */
export class AgentIndex {
  private readonly places = new Map<string, Place>();
  private readonly everyone = new Ranking();
  private readonly teams = new Map<string, { readonly team: TeamState; readonly ids: Set<string>; ranking: Ranking }>();
  private readonly teamsOfAgent = new Map<string, Set<string>>();
  private readonly teamsOfAccount = new Map<string, Set<string>>();
  private pools = new Map<string, Pool>();

  /** An agent is new, or something changed by which they are ranked. */
  placeAgent(agent: AgentState): void {
    const before = this.places.get(agent.agentId);
    const place: Place = {
      agent,
      idle: idleSince(agent),
      load: agent.load,
      free: !agent.disabled && agent.presence === 'online' && !agent.gone && agent.load < agent.capacity,
    };
    const rankings = this.rankingsOf(agent.agentId);
    if (before === undefined) this.pools.clear();
    else for (const ranking of rankings) ranking.remove(before);
    for (const ranking of rankings) ranking.add(place);
    this.places.set(agent.agentId, place);
  }

  placeTeam(team: TeamState): void {
    this.forgetTeam(team.teamId);
    const entry = { team, ids: new Set(team.agentIds), ranking: new Ranking() };
    this.teams.set(team.teamId, entry);
    for (const agentId of entry.ids) {
      add(this.teamsOfAgent, agentId, team.teamId);
      const place = this.places.get(agentId);
      if (place !== undefined) entry.ranking.add(place);
    }
    for (const accountId of team.accountIds) add(this.teamsOfAccount, accountId, team.teamId);
    this.pools.clear();
  }

  /** The agents who may take an item: its team's; without a team, those of the teams that serve its account; all, where none does. */
  poolOf(item: Pick<ItemState, 'teamId' | 'accountId'>): Pool {
    const key = item.teamId ?? item.accountId;
    let pool = this.pools.get(key);
    if (pool === undefined) this.pools.set(key, (pool = this.makePool(item)));
    return pool;
  }

  private makePool({ teamId, accountId }: Pick<ItemState, 'teamId' | 'accountId'>): Pool {
    const ids = teamId === null ? [...(this.teamsOfAccount.get(accountId) ?? [])] : [teamId];
    if (ids.length === 0)
      return new Pool(
        [this.everyone],
        () => this.places.size,
        (agentId) => this.places.has(agentId),
      );
    const teams = ids.flatMap((id) => this.teams.get(id) ?? []);
    if (teams.length === 0) return NOBODY;
    const has = (agentId: string): boolean => teams.some(({ ids: members }) => members.has(agentId));
    return new Pool(
      teams.map(({ ranking }) => ranking),
      () => new Set(teams.flatMap(({ ids: members }) => [...members].filter((id) => this.places.has(id)))).size,
      has,
    );
  }

  private rankingsOf(agentId: string): Ranking[] {
    const teams = [...(this.teamsOfAgent.get(agentId) ?? [])];
    return [this.everyone, ...teams.flatMap((id) => this.teams.get(id)?.ranking ?? [])];
  }

  private forgetTeam(teamId: string): void {
    const before = this.teams.get(teamId);
    if (before === undefined) return;
    for (const agentId of before.ids) this.teamsOfAgent.get(agentId)?.delete(teamId);
    for (const accountId of before.team.accountIds) this.teamsOfAccount.get(accountId)?.delete(teamId);
    this.teams.delete(teamId);
  }
}

function add(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else set.add(value);
}

/** The agents of several rankings in one order, each once. */
function* inOrder(rankings: readonly Places[]): Iterable<AgentState> {
  const lines = rankings.map((ranking) => ranking.keys());
  const heads = lines.map((line) => line.next().value as Place | undefined);
  let last: Place | undefined;
  for (;;) {
    let first = -1;
    heads.forEach((head, i) => {
      if (head !== undefined && (first < 0 || comparePlaces(head, heads[first]!) < 0)) first = i;
    });
    const place = heads[first];
    if (place === undefined) return;
    heads[first] = lines[first]!.next().value as Place | undefined;
    if (place !== last) yield place.agent;
    last = place;
  }
}
