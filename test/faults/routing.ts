import type { Offer } from '@huiliu/contracts';
import { call, eventually, type AgentClient, type DistributedSystem, type FrameSocket } from '@huiliu/testing';
import { heldStill } from './harness/processes';
import type { Inside } from './harness/inside';

const CUSTOMERS = 8;
/** So long that nobody is too late on a machine that is busy: who let work lapse never gets it again, and there are two. */
const ACCEPT_SECONDS = 10;

/**
 * Work has been offered, and the process that offered it is held still. The offers lapse, the standby takes over and offers anew, people
 * accept; then the first wakes with what it remembers. Answers where routing's record and the inbox's differ after that, and whoever got more
 * or less than the work there was.
 */
export async function staleEpoch(world: Inside): Promise<string[]> {
  const { stage } = world;
  const [account, one, two] = [await stage.account(), await stage.person('agent', 6), await stage.person('agent', 6)];
  await stage.team([account], [one, two], ACCEPT_SECONDS);
  const agents = [one, two];
  const screens = await Promise.all(agents.map((agent) => agent.connect()));
  await Promise.all(agents.map((agent) => agent.setPresence('online')));
  const visitors = await Promise.all(Array.from({ length: CUSTOMERS }, () => stage.visitor(account)));
  await Promise.all(visitors.map((visitor) => visitor.say('谁来接')));
  const ids = visitors.map(({ conversationId }) => conversationId);
  // Each offer is on both screens: who sees the conversation sees to whom it is offered.
  const offers = (): Set<string> => new Set(offered(screens, ids).map(({ conversationId }) => conversationId));
  await eventually('all of it is offered', () => offers().size === CUSTOMERS);
  const writer = await activeRouting(world.system as DistributedSystem);
  const before = new Set(offered(screens, ids).map(({ id }) => id));
  await heldStill(writer, 0, async () => {
    await eventually(
      'somebody else offers it anew and all of it is accepted',
      async () => {
        await Promise.all(agents.map((agent, n) => acceptAll(agent, screens[n]!, before)));
        return allOwned(world, ids);
      },
      90_000,
    );
  });
  const wrong: string[] = [];
  const owned = await owners(stage.admin, ids);
  // It does its work again once it is awake: more customers, more offers, all accepted.
  const later = await Promise.all(Array.from({ length: 3 }, () => stage.visitor(account)));
  await Promise.all(later.map((visitor) => visitor.say('还有我')));
  const all = [...ids, ...later.map(({ conversationId }) => conversationId)];
  await eventually(
    'the later ones are served',
    async () => {
      await Promise.all(agents.map((agent, n) => acceptAll(agent, screens[n]!, before)));
      return allOwned(world, all);
    },
    40_000,
  );
  const now = await owners(stage.admin, all);
  if (now.slice(0, ids.length).join() !== owned.join()) wrong.push('work changed hands after it was accepted');
  for (const agent of agents) {
    const has = now.filter((owner) => owner === agent.me.id).length;
    if (has > 6) wrong.push(`${agent.me.name} has ${has}, more than they may`);
  }
  try {
    await eventually('routing’s record is the inbox’s', async () => {
      const differs = await differences(world, all, now, agents);
      if (differs.length > 0) throw new Error(differs.join('; '));
      return true;
    });
  } catch (error) {
    wrong.push(error instanceof Error ? error.message : String(error));
  }
  await Promise.all(screens.map((screen) => screen.close()));
  world.count('offers', offered(screens, all).length);
  world.count('conversations accepted', all.length);
  return wrong;
}

/** The process that writes routing's decisions: of those that have ever done so it alone says that it still does. */
function activeRouting(system: DistributedSystem): Promise<number> {
  return eventually('one routing process is at work', async () => {
    for (const { app, pid, port } of system.processes()) {
      if (app !== 'routing') continue;
      const metrics = await call(`http://127.0.0.1:${port}`, 'GET', '/metrics');
      if (/^huiliu_routing_writer 1$/m.test(metrics.text)) return pid;
    }
    return undefined;
  });
}

const offered = (screens: readonly FrameSocket[], ids: readonly string[]): Offer[] =>
  screens
    .flatMap((screen) => screen.frames.filter(({ type }) => type === 'offer.created').map(({ data }) => data as Offer))
    .filter(({ conversationId }) => ids.includes(conversationId));

/** Accepts what is offered on a screen, but none of `except`; one that has ended meanwhile is too late. */
async function acceptAll(agent: AgentClient, screen: FrameSocket, except: ReadonlySet<string>): Promise<void> {
  const open = screen.frames
    .filter(({ type }) => type === 'offer.created')
    .map(({ data }) => data as Offer)
    .filter(({ id, agentId }) => agentId === agent.me.id && !except.has(id))
    .filter(({ id }) => !screen.frames.some(({ type, data }) => type === 'offer.ended' && (data as Offer).id === id));
  await Promise.all(open.map(({ id }) => agent.call('POST', `/offers/${id}/accept`, { json: {} })));
}

const owners = (admin: AgentClient, ids: readonly string[]): Promise<(string | null)[]> =>
  Promise.all(ids.map(async (id) => (await admin.conversation(id)).assignee?.id ?? null));

/** Says how those stand with routing that nobody has. */
async function allOwned(world: Inside, ids: readonly string[]): Promise<true> {
  const owned = await owners(world.stage.admin, ids);
  const left = ids.filter((_, n) => owned[n] === null);
  if (left.length === 0) return true;
  const items = await world.database.query<{ data: string }>(
    `SELECT data FROM routing_entities WHERE kind = 'item' AND entity_id IN (${left.map(() => '?').join(', ')})`,
    left,
  );
  const [epoch] = await world.database.query<{ beat_at: string }>('SELECT epoch, owner, beat_at FROM routing_epoch');
  const leases = await world.database.query(
    'SELECT owner, MAX(expires_at) AS until, COUNT(*) AS leases FROM routing_leases GROUP BY owner',
  );
  const unsent = await world.database.query('SELECT shard, COUNT(*) AS n FROM routing_outbox GROUP BY shard');
  throw new Error(
    `${left.length} are nobody's: ${items.map(({ data }) => data).join(' ')}; ${JSON.stringify({ epoch, leases, unsent })}`,
  );
}

async function differences(
  world: Inside,
  ids: readonly string[],
  owned: readonly (string | null)[],
  agents: readonly AgentClient[],
): Promise<string[]> {
  const rows = await world.database.query<{ kind: string; entity_id: string; data: string }>(
    'SELECT kind, entity_id, data FROM routing_entities',
  );
  const items = new Map(
    rows
      .filter(({ kind }) => kind === 'item')
      .map((row) => [row.entity_id, JSON.parse(row.data) as { phase: string; agentId: string | null }]),
  );
  const wrong: string[] = [];
  for (const [n, id] of ids.entries()) {
    const item = items.get(id);
    if (item?.phase !== 'owned' || item.agentId !== owned[n])
      wrong.push(`${id}: routing has it ${item?.phase} by ${item?.agentId}, the inbox has ${owned[n]}`);
  }
  for (const agent of agents) {
    const row = rows.find(({ kind, entity_id }) => kind === 'agent' && entity_id === agent.me.id);
    const { load } = JSON.parse(row?.data ?? '{}') as { load?: number };
    const has = owned.filter((owner) => owner === agent.me.id).length;
    if (load !== has) wrong.push(`${agent.me.name} has ${has}, routing counts ${load}`);
  }
  return wrong;
}
