import { call, eventually, pause } from '@huiliu/testing';
import type { WallClock } from './harness/clock';
import { under } from './handover';
import type { Talk } from './harness/talk';
import type { World } from './harness/world';

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
export function clockJumps(world: World, clock: WallClock): Promise<string[]> {
  const jumps = async (talk: Talk): Promise<string[]> => {
    const wrong: string[] = [];
    // Somebody else could take what is taken from the agent.
    const colleague = await world.stage.person('agent', 500);
    await world.stage.team([talk.account], [colleague]);
    await colleague.setPresence('online');
    for (const { minutes, forMs } of JUMPS) {
      const refused = talk.customers.map(({ refusals }) => refusals.length);
      await clock.jump(minutes);
      await eventually(`it is ${minutes} minutes off`, async () => {
        const { headers } = await call(world.system.baseUrl, 'GET', '/healthz');
        return Math.abs(Date.parse(headers.get('date') ?? '') - Date.now() - minutes * 60_000) < 5_000;
      });
      await pause(forMs);
      await talk.heardAgain();
      if (talk.customers.some(({ refusals }, n) => refusals.length > refused[n]!))
        wrong.push(`${minutes} minutes off, customers were refused`);
      for (const { conversationId } of talk.visitors) {
        const { assignee } = await talk.agent.conversation(conversationId);
        if (assignee?.id !== talk.agent.me.id) wrong.push(`${minutes} minutes off, a conversation was taken from its agent`);
      }
      const me = await world.stage.admin.get<{ items: { id: string; presence: { status: string } }[] }>('/agents');
      const status = me.items.find(({ id }) => id === talk.agent.me.id)?.presence.status;
      if (status !== 'online') wrong.push(`${minutes} minutes off, the agent is ${status}`);
      const ready = await call(world.system.baseUrl, 'GET', '/readyz');
      if (ready.status !== 200) wrong.push(`${minutes} minutes off, not ready: ${ready.text.slice(0, 200)}`);
    }
    return wrong;
  };
  return under(world, jumps, 50);
}
