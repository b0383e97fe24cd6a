import fc from 'fast-check';
import type { AgentChanged, TeamChanged, WorkCreated } from '@huiliu/contracts';
import { exclusion } from './eligibility';
import { chooseAgent } from './match';
import { reduce, type RoutingDecision, type RoutingInput } from './reducer';
import type { AgentState, ItemState } from './entities';
import { derive, emptyState, type RoutingState } from './state';

const id = (kind: string, n: number): string =>
  `01${kind.toUpperCase()}${String(n).padStart(26 - 2 - kind.length, '0')}`;
const ACCOUNT = id('ACC', 1);
const T0 = Date.parse('2026-11-23T08:00:00.000Z');
const offerIds = (conversationId: string, version: number, nth: number): string =>
  `${conversationId}/${version}/${nth}`;

function agent(n: number, over: Partial<AgentChanged> = {}): RoutingInput {
  const data: AgentChanged = {
    agentId: id('AGT', n),
    revision: 1,
    name: `agent ${n}`,
    role: 'agent',
    capacity: 2,
    presence: 'online',
    presenceSince: new Date(T0).toISOString(),
    disabled: false,
    gone: false,
    ...over,
  };
  return { type: 'agent.changed', data };
}

function work(n: number, over: Partial<WorkCreated> = {}): RoutingInput {
  const data: WorkCreated = {
    conversationId: id('CNV', n),
    version: 0,
    accountId: ACCOUNT,
    teamId: null,
    priority: 'normal',
    weight: 1,
    lastAgentId: null,
    waitingSince: new Date(T0 + n).toISOString(),
    ...over,
  };
  return { type: 'work.created', data };
}

function team(n: number, over: Partial<TeamChanged> = {}): RoutingInput {
  const data: TeamChanged = {
    teamId: id('TEM', n),
    revision: 1,
    name: `team ${n}`,
    agentIds: [],
    accountIds: [],
    acceptSeconds: null,
    ...over,
  };
  return { type: 'team.changed', data };
}

function run(state: RoutingState, inputs: RoutingInput[], from = T0 + 1000): RoutingDecision[] {
  return inputs.flatMap((input, i) => reduce(state, input, from + i, offerIds));
}

const chosen = (decisions: RoutingDecision[]): (string | null)[] =>
  decisions.map((decision) => ('agentId' in decision.data ? decision.data.agentId : null));

describe('matching', () => {
  it('gives work to the agent who has been longest without', () => {
    const state = emptyState();
    const decisions = run(state, [agent(1), agent(2), agent(3), work(1), work(2), work(3), work(4)]);
    expect(chosen(decisions)).toEqual([id('AGT', 1), id('AGT', 2), id('AGT', 3), id('AGT', 1)]);
    expect(decisions[0]?.data).toMatchObject({ version: 0, reason: { strategy: 'longest_idle', waitedMs: 1002 } });
  });

  it('prefers the last agent, and falls back when they are full', () => {
    const state = emptyState();
    const sticky = { lastAgentId: id('AGT', 2) };
    const decisions = run(state, [agent(1), agent(2, { capacity: 1 }), work(1, sticky), work(2, sticky)]);
    expect(chosen(decisions)).toEqual([id('AGT', 2), id('AGT', 1)]);
    expect(decisions.map((decision) => decision.data.reason.strategy)).toEqual(['sticky', 'longest_idle']);
  });

  it('says why nobody could take it, and assigns it when somebody comes', () => {
    const state = emptyState();
    const [queued] = run(state, [
      agent(1, { presence: 'paused' }),
      agent(2, { presence: 'away' }),
      agent(3, { capacity: 0 }),
      work(1),
    ]);
    expect(queued?.type).toBe('work.queued');
    expect(queued?.data.reason.candidates.map((candidate) => candidate.excluded).sort()).toEqual([
      'away',
      'full',
      'paused',
    ]);
    expect(chosen(run(state, [agent(1, { revision: 2 })]))).toEqual([id('AGT', 1)]);
  });

  it('keeps a team’s work in the team, and an account’s in the teams that serve it', () => {
    const state = emptyState();
    const decisions = run(state, [
      agent(1),
      agent(2),
      agent(3),
      team(1, { agentIds: [id('AGT', 2)], accountIds: [ACCOUNT] }),
      team(2, { agentIds: [id('AGT', 3)] }),
      work(1),
      work(2, { teamId: id('TEM', 2) }),
    ]);
    expect(chosen(decisions)).toEqual([id('AGT', 2), id('AGT', 3)]);
  });

  it('serves urgent work first, then the oldest', () => {
    const state = emptyState();
    run(state, [work(3), work(1), work(2, { priority: 'urgent' })]);
    const decisions = run(state, [agent(1, { capacity: 3 })]);
    expect(decisions.map((decision) => decision.data.conversationId)).toEqual([
      id('CNV', 2),
      id('CNV', 1),
      id('CNV', 3),
    ]);
  });
});

describe('offers', () => {
  const offering = [
    agent(1),
    agent(2),
    team(1, { agentIds: [id('AGT', 1), id('AGT', 2)], accountIds: [ACCOUNT], acceptSeconds: 30 }),
  ];

  it('offers with a deadline, and to somebody else when it lapses, never to the same again, with its age', () => {
    const state = emptyState();
    const [offer] = run(state, [...offering, work(1)]);
    expect(offer).toMatchObject({ type: 'work.offered', data: { agentId: id('AGT', 1) } });
    const deadline = state.deadlines.next() as number;
    expect(reduce(state, { type: 'tick' }, deadline - 1, offerIds)).toEqual([]);
    const lapsed = reduce(state, { type: 'tick' }, deadline, offerIds);
    expect(lapsed.map((decision) => decision.type)).toEqual(['offer.expired', 'work.offered']);
    expect(chosen(lapsed)).toEqual([id('AGT', 1), id('AGT', 2)]);
    expect(lapsed[1]?.data.reason.waitedMs).toBe(deadline - (T0 + 1));
    const last = reduce(state, { type: 'tick' }, deadline + 30_000, offerIds);
    expect(last.map((decision) => decision.type)).toEqual(['offer.expired']);
    expect(state.deadlines.next()).toBeNull();
  });

  it('goes to the next when declined', () => {
    const state = emptyState();
    const [offer] = run(state, [...offering, work(1)]);
    const offerId = offer?.type === 'work.offered' ? offer.data.offerId : '';
    const answer = {
      offerId,
      conversationId: id('CNV', 1),
      agentId: id('AGT', 1),
      version: 0,
      answer: 'declined' as const,
    };
    expect(chosen(run(state, [{ type: 'offer.answered', data: answer }]))).toEqual([id('AGT', 2)]);
    expect(run(state, [{ type: 'offer.answered', data: answer }])).toEqual([]);
  });
});

describe('disconnects', () => {
  it('takes the unanswered from an agent who is gone, once per version', () => {
    const state = emptyState();
    run(state, [agent(1), work(1)]);
    const conversationId = id('CNV', 1);
    run(state, [
      {
        type: 'assignment.changed',
        data: {
          conversationId,
          version: 1,
          agentId: id('AGT', 1),
          weight: 1,
          by: 'routing',
          accountId: ACCOUNT,
          teamId: null,
        },
      },
    ]);
    const stale = { agentId: id('AGT', 1), unanswered: [{ conversationId, version: 0 }] };
    expect(run(state, [{ type: 'agent.gone', data: stale }])).toEqual([]);
    const gone = { agentId: id('AGT', 1), unanswered: [{ conversationId, version: 1 }] };
    expect(run(state, [{ type: 'agent.gone', data: gone }])).toMatchObject([
      { type: 'work.requeued', data: { version: 1, reason: { strategy: 'agent_gone' } } },
    ]);
    expect(run(state, [work(2)])).toMatchObject([{ type: 'work.queued' }]);
  });
});

/** What the inbox would do with routing's decisions, and what people do meanwhile. */
interface InboxModel {
  version: number;
  assignee: string | null;
  open: boolean;
}

type Act =
  | { kind: 'create'; conversation: number; priority: WorkCreated['priority']; last: number | null }
  | { kind: 'close'; conversation: number }
  | { kind: 'byHand'; conversation: number; agent: number }
  | { kind: 'agent'; agent: number; capacity: number; presence: AgentChanged['presence'] }
  | { kind: 'gone'; agent: number }
  | { kind: 'team'; team: number; agents: number[]; serves: boolean; seconds: number | null }
  | { kind: 'commit' }
  | { kind: 'refuse' }
  | { kind: 'tick'; ms: number };

const AGENTS = 4;
const CONVERSATIONS = 6;
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('create' as const),
      conversation: fc.nat(CONVERSATIONS - 1),
      priority: fc.constantFrom('normal' as const, 'urgent' as const, 'low' as const),
      last: fc.option(fc.nat(AGENTS - 1)),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('close' as const), conversation: fc.nat(CONVERSATIONS - 1) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('byHand' as const),
      conversation: fc.nat(CONVERSATIONS - 1),
      agent: fc.nat(AGENTS - 1),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('agent' as const),
      agent: fc.nat(AGENTS - 1),
      capacity: fc.nat(3),
      presence: fc.constantFrom('online' as const, 'online' as const, 'paused' as const, 'offline' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('gone' as const), agent: fc.nat(AGENTS - 1) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('team' as const),
      team: fc.nat(1),
      agents: fc.uniqueArray(fc.nat(AGENTS - 1), { maxLength: AGENTS }),
      serves: fc.boolean(),
      seconds: fc.option(fc.constant(30)),
    }),
  },
  { weight: 6, arbitrary: fc.constant({ kind: 'commit' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'refuse' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('tick' as const), ms: fc.nat(40_000) }) },
);

/** The state as it would be read again. */
function recountOf(state: RoutingState): RoutingState {
  const { agents, teams, items, rulesVersion } = state;
  const copy = Object.assign(emptyState(), structuredClone({ agents, teams, items, rulesVersion }));
  derive(copy);
  return copy;
}

/** What is derived, in words that can be compared. */
function derivedOf(state: RoutingState): unknown {
  const ids = (agents: Iterable<{ agentId: string }>): string[] => [...agents].map(({ agentId }) => agentId);
  const pools = [null, ...[0, 1].map((n) => id('TEM', n))].map((teamId) => {
    const pool = state.index.poolOf({ teamId, accountId: ACCOUNT });
    return { free: ids(pool.free()), busy: ids(pool.busy()), size: pool.size };
  });
  const queues = [...state.queues.heads()].map(({ pool, items }) => [pool, conversationsOf(items)]).sort();
  const { held, phases } = state;
  return { pools, queues, held, phases, lapsed: conversationsOf(state.deadlines.lapsed(Infinity)) };
}

const conversationsOf = (items: Iterable<{ conversationId: string }>): string[] =>
  [...items].map(({ conversationId }) => conversationId);

/** Who may take an item, the slow way. */
function naivePool(state: RoutingState, item: Pick<ItemState, 'teamId' | 'accountId'>): AgentState[] {
  const teams = [...state.teams.values()].filter((one) =>
    item.teamId === null ? one.accountIds.includes(item.accountId) : one.teamId === item.teamId,
  );
  if (teams.length === 0) return item.teamId === null ? [...state.agents.values()] : [];
  const members = new Set(teams.flatMap((one) => one.agentIds));
  return [...members].flatMap((agentId) => state.agents.get(agentId) ?? []);
}

/** What `chooseAgent` answers, by looking at every agent. */
function naiveMatch(
  state: RoutingState,
  item: ItemState,
): { agent: string | null; candidates: string[]; omitted: number } {
  const idle = (one: AgentState): number => Math.max(one.lastAssignedAt, Date.parse(one.presenceSince));
  const pool = naivePool(state, item)
    .map((one) => ({ one, able: exclusion(one, item) === null }))
    .sort((a, b) => idle(a.one) - idle(b.one) || a.one.load - b.one.load || (a.one.agentId < b.one.agentId ? -1 : 1));
  const able = pool.filter((entry) => entry.able);
  const chosen = able.find(({ one }) => one.agentId === item.lastAgentId) ?? able[0];
  const listed = [...pool].sort(
    (a, b) => Number(b === chosen) - Number(a === chosen) || Number(b.able) - Number(a.able),
  );
  return {
    agent: chosen?.one.agentId ?? null,
    candidates: listed.slice(0, 20).map(({ one }) => one.agentId),
    omitted: Math.max(0, listed.length - 20),
  };
}

function expectNaive(state: RoutingState, item: ItemState): void {
  const { agent: best, reason } = chooseAgent(state, item, T0);
  const candidates = reason.candidates.map(({ agentId }) => agentId);
  expect({ agent: best?.agentId ?? null, candidates, omitted: reason.omitted }).toEqual(naiveMatch(state, item));
}

class World {
  readonly state = emptyState();
  readonly inbox = new Map<string, InboxModel>();
  private readonly pending: RoutingDecision[] = [];
  private readonly offered = new Map<string, Set<string>>();
  private revision = 0;
  private now = T0;

  feed(input: RoutingInput): void {
    this.now += 1;
    const copy = recountOf(this.state);
    const decisions = reduce(this.state, input, this.now, offerIds);
    expect(reduce(copy, input, this.now, offerIds)).toEqual(decisions);
    for (const decision of decisions) {
      if (decision.type === 'work.assigned' || decision.type === 'work.offered') this.checkEligible(decision);
      this.pending.push(decision);
    }
    this.checkCounters();
  }

  play(step: Act): void {
    const conversationId = 'conversation' in step ? id('CNV', step.conversation) : '';
    const model = this.inbox.get(conversationId);
    switch (step.kind) {
      case 'create': {
        if (model?.open) return;
        const version = model?.version ?? 0;
        this.inbox.set(conversationId, { version, assignee: null, open: true });
        this.offered.delete(conversationId);
        return this.feed(
          work(step.conversation, {
            version,
            priority: step.priority,
            lastAgentId: step.last === null ? null : id('AGT', step.last),
            waitingSince: new Date(this.now).toISOString(),
          }),
        );
      }
      case 'close': {
        if (!model?.open) return;
        if (model.assignee !== null) model.version += 1;
        Object.assign(model, { open: false, assignee: null });
        return this.feed({ type: 'work.closed', data: { conversationId, version: model.version, reason: 'resolved' } });
      }
      case 'byHand':
        return model?.open ? this.assign(conversationId, model, id('AGT', step.agent), 'hand') : undefined;
      case 'agent':
        return this.feed(
          agent(step.agent, {
            revision: ++this.revision,
            capacity: step.capacity,
            presence: step.presence,
            presenceSince: new Date(this.now).toISOString(),
          }),
        );
      case 'gone':
        return this.feed({
          type: 'agent.gone',
          data: { agentId: id('AGT', step.agent), unanswered: this.assignedTo(id('AGT', step.agent)) },
        });
      case 'team':
        return this.feed(
          team(step.team, {
            revision: ++this.revision,
            agentIds: step.agents.map((n) => id('AGT', n)),
            accountIds: step.serves ? [ACCOUNT] : [],
            acceptSeconds: step.seconds,
          }),
        );
      case 'commit':
        return this.settle(false);
      case 'refuse':
        return this.settle(true);
      case 'tick':
        this.now += step.ms;
        return this.feed({ type: 'tick' });
    }
  }

  drain(): void {
    for (let i = 0; this.pending.length > 0; i++) {
      expect(i).toBeLessThan(1000);
      this.settle(false);
    }
  }

  /** At rest nobody waits while somebody eligible has room. */
  checkAtRest(): void {
    for (const item of this.state.items.values()) {
      const model = this.inbox.get(item.conversationId);
      if (model?.open && model.assignee === null) expect(['waiting', 'offered']).toContain(item.phase);
      if (item.phase === 'waiting')
        expect(naivePool(this.state, item).filter((one) => exclusion(one, item) === null)).toEqual([]);
      if (item.phase === 'owned') expect(item.agentId).toBe(model?.assignee);
    }
    for (const [conversationId, model] of this.inbox) expect(this.state.items.has(conversationId)).toBe(model.open);
  }

  private assignedTo(agentId: string): { conversationId: string; version: number }[] {
    return [...this.inbox]
      .filter(([, one]) => one.open && one.assignee === agentId)
      .map(([conversationId, one]) => ({ conversationId, version: one.version }));
  }

  private assign(conversationId: string, model: InboxModel, agentId: string | null, by: 'routing' | 'hand'): void {
    model.version += 1;
    model.assignee = agentId;
    this.feed({
      type: 'assignment.changed',
      data: { conversationId, version: model.version, agentId, weight: 1, by, accountId: ACCOUNT, teamId: null },
    });
  }

  private settle(refuse: boolean): void {
    const decision = this.pending.shift();
    if (decision === undefined || decision.type === 'work.queued' || decision.type === 'offer.expired') return;
    const { conversationId, version } = decision.data;
    const model = this.inbox.get(conversationId) as InboxModel;
    const fresh = model.open && model.version === version;
    if (decision.type === 'work.requeued') {
      if (!fresh || model.assignee !== decision.data.agentId) return;
      this.assign(conversationId, model, null, 'routing');
      return this.feed({
        type: 'work.created',
        data: { ...(work(0) as { data: WorkCreated }).data, conversationId, version: model.version },
      });
    }
    if (decision.type === 'work.offered' && fresh && !refuse) return;
    if (!fresh || refuse || model.assignee !== null) {
      const reason = fresh && model.assignee === null ? ('full' as const) : ('stale' as const);
      return this.feed({
        type: 'decision.refused',
        data: { conversationId, version, agentId: decision.data.agentId, reason },
      });
    }
    this.assign(conversationId, model, decision.data.agentId, 'routing');
  }

  private checkEligible(decision: Extract<RoutingDecision, { type: 'work.assigned' | 'work.offered' }>): void {
    const agentState = this.state.agents.get(decision.data.agentId);
    expect(agentState).toMatchObject({ presence: 'online', disabled: false, gone: false });
    expect((agentState?.load ?? 0) <= (agentState?.capacity ?? 0)).toBe(true);
  }

  private checkCounters(): void {
    const recount = recountOf(this.state);
    for (const [agentId, one] of this.state.agents) expect(one.load).toBe(recount.agents.get(agentId)?.load);
    expect(derivedOf(this.state)).toEqual(derivedOf(recount));
    for (const item of this.state.items.values()) {
      expectNaive(this.state, item);
    }
  }
}

describe('many agents', () => {
  it('are listed up to twenty, the able ones first, and counted beyond', () => {
    const state = emptyState();
    const members = Array.from({ length: 60 }, (_, n) =>
      agent(n, n % 3 === 0 ? { presence: 'away' } : { capacity: 3 }),
    );
    const inputs = [
      ...members,
      team(1, { agentIds: Array.from({ length: 40 }, (_, n) => id('AGT', n)), accountIds: [ACCOUNT] }),
      team(2, { agentIds: Array.from({ length: 30 }, (_, n) => id('AGT', 25 + n)), accountIds: [ACCOUNT] }),
      ...Array.from({ length: 90 }, (_, n) => work(n, { weight: 1 + (n % 2), lastAgentId: id('AGT', n % 60) })),
    ];
    for (const [nth, input] of inputs.entries()) {
      run(state, [input], T0 + nth);
      for (const item of state.items.values()) {
        expectNaive(state, item);
      }
    }
  });
});

describe('invariants', () => {
  it('hold after every event, whatever happens in whatever order', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const world = new World();
        for (const step of acts) world.play(step);
        world.drain();
        world.checkAtRest();
      }),
      { numRuns: 400 },
    );
  });
});
