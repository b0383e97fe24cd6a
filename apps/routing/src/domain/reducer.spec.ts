import fc from 'fast-check';
import type { AgentChanged, TeamChanged, WorkCreated } from '@huiliu/contracts';
import { exclusion, poolAgents } from './eligibility';
import { nextDeadline, reduce, type RoutingDecision, type RoutingInput } from './reducer';
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
    const deadline = nextDeadline(state) as number;
    expect(reduce(state, { type: 'tick' }, deadline - 1, offerIds)).toEqual([]);
    const lapsed = reduce(state, { type: 'tick' }, deadline, offerIds);
    expect(lapsed.map((decision) => decision.type)).toEqual(['offer.expired', 'work.offered']);
    expect(chosen(lapsed)).toEqual([id('AGT', 1), id('AGT', 2)]);
    expect(lapsed[1]?.data.reason.waitedMs).toBe(deadline - (T0 + 1));
    const last = reduce(state, { type: 'tick' }, deadline + 30_000, offerIds);
    expect(last.map((decision) => decision.type)).toEqual(['offer.expired']);
    expect(nextDeadline(state)).toBeNull();
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

class World {
  readonly state = emptyState();
  readonly inbox = new Map<string, InboxModel>();
  private readonly pending: RoutingDecision[] = [];
  private readonly offered = new Map<string, Set<string>>();
  private revision = 0;
  private now = T0;

  feed(input: RoutingInput): void {
    this.now += 1;
    const copy = structuredClone(this.state);
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
        expect(poolAgents(this.state, item).filter((one) => exclusion(one, item) === null)).toEqual([]);
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
    const recount = structuredClone(this.state);
    derive(recount);
    for (const [agentId, one] of this.state.agents) expect(one.load).toBe(recount.agents.get(agentId)?.load);
    expect([...this.state.queues].sort()).toEqual([...recount.queues].sort());
  }
}

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
