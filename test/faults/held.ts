import { eventually, pause } from '@huiliu/testing';
import { assignedTo, textsOf } from '../e2e/stage';
import type { Inside } from './harness/inside';
import { POISON, POISON_TRIGGER } from './poison';

/** Offsets are committed a tenth of a second after something was done; an event that fails is held for four. */
const COMMITTED_MS = 600;

/**
 * An event fails and is held, others of its partition go on and are done; then the process is killed. Answers what of the held key is
 * missing afterwards, or out of order: only what was done without a gap before it counts as done.
 */
export async function heldEventSurvives(world: Inside): Promise<string[]> {
  const { stage, system } = world;
  const { account, agent } = await stage.desk(500);
  const visitors = await Promise.all(Array.from({ length: 13 }, () => stage.visitor(account)));
  await Promise.all(visitors.map((visitor) => visitor.say('开始')));
  await Promise.all(visitors.map(({ conversationId }) => assignedTo(agent, conversationId)));
  const [held, ...others] = visitors;
  await world.execute(POISON_TRIGGER);
  const said = ['开始', `${POISON} 1`, '后来 1', '后来 2'];
  for (const text of said.slice(1)) await held!.say(text);
  await Promise.all(others.map((visitor) => visitor.say('别人')));
  const stored = async (id: string): Promise<string[]> =>
    textsOf((await agent.messages(id)).filter(({ direction }) => direction === 'inbound'));
  for (const { conversationId } of others)
    await eventually('the others go on', async () => (await stored(conversationId)).length === 2);
  await pause(COMMITTED_MS);
  await system.kill(world.mode === 'embedded' ? 'suite' : 'inbox');
  await world.execute('DROP TRIGGER poison');
  await system.restart();
  const now = (): Promise<string[]> => stored(held!.conversationId);
  await eventually('all of the held key is there', async () => (await now()).length >= said.length, 30_000).catch(
    () => undefined,
  );
  world.count('messages', visitors.length + said.length - 1 + others.length);
  const texts = await now();
  return texts.join() === said.join() ? [] : [`said was ${said.join()}, stored is ${texts.join()}`];
}
