/**
 * Routing alone: the reducer with everybody at capacity and a queue behind each team. Again and again a conversation ends, the one that
 * waited longest in the agent's team gets its place, the inbox commits it, and another begins to wait.
 */
import type { WorkCreated } from '@huiliu/contracts';
import { reduce, type RoutingDecision, type RoutingInput } from '../../../apps/routing/src/domain/reducer';
import { derive, emptyState, type RoutingState } from '../../../apps/routing/src/domain/state';
import { serveNotes, tell, type Note } from '../lib/child';
import { Latencies } from '../lib/histogram';
import { idOf } from '../lib/messages';
import { ROUTING_WARM_UP, type RoutingRun, type RoutingSize } from '../lib/routing-crowd';

const CAPACITY = 5;
const AGENTS_A_TEAM = 75;
const START = Date.parse('2026-11-27T00:00:00.000Z');

const agentId = (n: number): string => idOf('agent', n);
const teamId = (n: number): string => idOf('team', n);

/** Everybody has all they can take, and `waiting` conversations wait, in turn one for each team. */
function crowd({ agents, waiting }: RoutingSize): { state: RoutingState; teams: number; owned: string[] } {
  const state = emptyState();
  const teams = Math.ceil(agents / AGENTS_A_TEAM);
  for (let n = 0; n < teams; n++)
    state.teams.set(teamId(n), {
      teamId: teamId(n),
      revision: 1,
      name: `team ${n}`,
      agentIds: Array.from({ length: agents }, (_, a) => a)
        .filter((a) => a % teams === n)
        .map(agentId),
      accountIds: [idOf('account', n)],
      acceptSeconds: null,
    });
  for (let n = 0; n < agents; n++)
    state.agents.set(agentId(n), {
      agentId: agentId(n),
      revision: 1,
      name: `agent ${n}`,
      role: 'agent',
      capacity: CAPACITY,
      presence: 'online',
      presenceSince: new Date(START - 3_600_000 + n).toISOString(),
      disabled: false,
      gone: false,
      load: 0,
      lastAssignedAt: 0,
      changes: 1,
    });
  const owned: string[] = [];
  const put = (conversationId: string, team: number, since: number, owner: string | null): void => {
    state.items.set(conversationId, {
      conversationId,
      version: owner === null ? 0 : 1,
      accountId: idOf('account', team),
      teamId: teamId(team),
      priority: 'normal',
      weight: 1,
      lastAgentId: null,
      since,
      phase: owner === null ? 'waiting' : 'owned',
      agentId: owner,
      offer: null,
      declined: [],
      refused: {},
    });
  };
  for (let n = 0; n < agents * CAPACITY; n++) {
    const id = idOf('owned', n);
    owned.push(id);
    put(id, (n % agents) % teams, START - 1_000_000, agentId(n % agents));
  }
  for (let n = 0; n < waiting; n++) put(idOf('waiting', n), n % teams, START - waiting + n, null);
  derive(state);
  return { state, teams, owned };
}

function go(note: Note): void {
  const size = note.size as RoutingSize;
  const decisions = note.decisions as number;
  const { state, teams, owned } = crowd(size);
  const latencies = new Latencies();
  const lastSince = new Map<string, number>();
  const assigned = new Set<string>();
  const wrong = { lost: 0, doubled: 0, disordered: 0 };
  let now = START;
  let made = 0;
  let ms = 0;

  const apply = (input: RoutingInput, counted: boolean): RoutingDecision[] => {
    const began = performance.now();
    const answer = reduce(state, input, now, (conversationId, version, nth) => `${conversationId}/${version}/${nth}`);
    const took = performance.now() - began;
    if (counted) {
      ms += took;
      if (answer.length > 0) {
        made += answer.length;
        latencies.record(took);
      }
    }
    return answer;
  };

  for (let nth = -ROUTING_WARM_UP; made < decisions; nth++) {
    now += 1;
    const counted = nth >= 0;
    const closing = owned[(nth + ROUTING_WARM_UP) % owned.length]!;
    const version = state.items.get(closing)!.version;
    const [decision] = apply(
      { type: 'work.closed', data: { conversationId: closing, version, reason: 'resolved' } },
      counted,
    );
    if (decision?.type !== 'work.assigned') {
      wrong.lost++;
      continue;
    }
    const { conversationId, agentId: owner } = decision.data;
    const item = state.items.get(conversationId)!;
    if (assigned.has(conversationId)) wrong.doubled++;
    assigned.add(conversationId);
    const team = item.teamId!;
    if (item.since < (lastSince.get(team) ?? 0)) wrong.disordered++;
    lastSince.set(team, item.since);
    owned[(nth + ROUTING_WARM_UP) % owned.length] = conversationId;
    const committed = { conversationId, version: 1, agentId: owner, weight: 1, by: 'routing' as const };
    apply({ type: 'assignment.changed', data: { ...committed, accountId: item.accountId, teamId: team } }, counted);
    const next = nth + ROUTING_WARM_UP;
    const created: WorkCreated = {
      conversationId: idOf('new', next),
      version: 0,
      accountId: idOf('account', next % teams),
      teamId: teamId(next % teams),
      priority: 'normal',
      weight: 1,
      lastAgentId: null,
      waitingSince: new Date(now).toISOString(),
    };
    // Nobody has room: it is queued, with the reason.
    apply({ type: 'work.created', data: created }, counted);
  }
  const { p50Ms, p99Ms, maxMs } = latencies.summary();
  const run: RoutingRun = { decisions: made, ms, p50Ms: p50Ms ?? 0, p99Ms: p99Ms ?? 0, maxMs: maxMs ?? 0, ...wrong };
  tell({ type: 'done', ...run });
}

serveNotes({ go });
tell({ type: 'ready' });
