import { call, eventually, pause } from '@huiliu/testing';
import type { Agent } from '@huiliu/contracts';
import type { WallClock } from './harness/clock';
import type { Inside } from './harness/inside';
import type { Load } from './harness/load';
import { heardAgain, under } from './handover';

/** How far the clock is off, and for how long: the sweep of presence comes every 5 s, a consumer's session ends after 10 s. */
const JUMPS = [
  { minutes: 10, forMs: 7_000 },
  { minutes: -10, forMs: 12_000 },
  { minutes: 0, forMs: 1_000 },
] as const;

/**
 * The clock goes ten minutes ahead, then ten minutes behind, then right again, while people talk. Answers what was lost or disordered, and
 * whether the agent, who was there all the time, was taken for gone.
 */
export function clockJumps(world: Inside, clock: WallClock): Promise<string[]> {
  const { stage, system } = world;
  const jumps = async (load: Load): Promise<string[]> => {
    const wrong: string[] = [];
    const agent = load.agents[0]!;
    // Somebody else could take what is taken from the agent.
    const colleague = await stage.person('agent', 500);
    await stage.team([load.account], [colleague]);
    // Another team serves the account now, which may change what everyone sees.
    await load.screens[0]!.reloadDue();
    await colleague.setPresence('online');
    for (const { minutes, forMs } of JUMPS) {
      await clock.jump(minutes);
      await eventually(`it is ${minutes} minutes off`, async () => {
        const { headers } = await call(system.baseUrl, 'GET', '/healthz');
        return Math.abs(Date.parse(headers.get('date') ?? '') - Date.now() - minutes * 60_000) < 5_000;
      });
      await pause(forMs);
      await heardAgain(load);
      for (const { visitor } of load.talks) {
        const { assignee } = await agent.conversation(visitor.conversationId);
        if (assignee?.id !== agent.me.id) wrong.push(`${minutes} minutes off, a conversation was taken from its agent`);
      }
      const all = await stage.admin.get<{ items: Agent[] }>('/agents');
      const status = all.items.find(({ id }) => id === agent.me.id)?.presence.status;
      if (status !== 'online') wrong.push(`${minutes} minutes off, the agent is ${status}`);
      const ready = await call(system.baseUrl, 'GET', '/readyz');
      if (ready.status !== 200) wrong.push(`${minutes} minutes off, not ready: ${ready.text.slice(0, 200)}`);
    }
    const refused = [...load.answers].filter(([kind]) => kind.startsWith('message') && !kind.endsWith('202'));
    if (refused.length > 0)
      wrong.push(`customers were answered ${refused.map(([kind, n]) => `${kind} × ${n}`).join(', ')}`);
    return wrong;
  };
  return under(world, jumps, { conversations: 12, perSecond: 60, pages: 2, agents: 1 });
}
