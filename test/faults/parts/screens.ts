import type { Conversation, Message, Team } from '@huiliu/contracts';
import { AgentClient, FrameSocket, eventually, socketUrl } from '@huiliu/testing';
import { Load } from '../harness/load';
import type { Random } from '../harness/random';
import { recount } from '../harness/recount';
import { faultTest } from '../harness/fault-test';
import { say } from '../harness/say';
import { Screen } from '../harness/screen';
import type { DistributedWorld, World } from '../harness/world';

const TOO_SLOW = 1013;
/** Long texts fill what the system keeps for a reader that does not read: some megabytes on each side, and ours. */
const LONG = '很长'.repeat(1_900);
const PAGES = 100;
/** Each message is some five frames on each page, and one process reads them all. */
const PAGES_RATE = 6;
/** How much is written to the conversation that moves. */
const SAID = 70;

/** A page reads nothing while everybody writes long texts. Answers what is wrong. */
export async function slowPage(world: World): Promise<string[]> {
  const load = await Load.start(world, {
    conversations: 20,
    // Through the edge there are twice as many buffers to fill.
    messagesEach: world.mode === 'embedded' ? 20 : 80,
    answersEach: 0,
    perSecond: 300,
    padding: LONG,
  });
  const [slow] = load.screens as [Screen];
  await eventually('the page shows something', () => slow.shown().size > 0);
  slow.stopReading();
  await load.finished();
  // Only when the other page has everything has the slow one been sent all that it would not read.
  const [, other] = load.screens as [Screen, Screen];
  const shown = (): number => [...other.shown().values()].reduce((sum, seqs) => sum + seqs.length, 0);
  await eventually('the other page shows everything', () => shown() >= load.acknowledged, 90_000);
  // What was sent to it before it was given up still comes, then the end.
  slow.readOn();
  const wrong = await recount(world, load, { settleMs: 30_000 });
  const codes = slow.closedWith.join(', ');
  return codes === String(TOO_SLOW) ? wrong : [`the slow page was closed with ${codes || 'nothing'}`, ...wrong];
}

/** So many pages are cut off at once, twice, while everybody writes. Answers what is wrong. */
export async function pagesComeBack(world: World, random: Random, pages: number): Promise<string[]> {
  const load = await Load.start(world, { conversations: 5, perSecond: PAGES_RATE, agents: 4 });
  for (let n = load.screens.length; n < pages; n++)
    load.screens.push(await Screen.ofAgent(random.pick(load.agents), `agent's page ${n}`));
  const before = load.acknowledged;
  for (let round = 1; round <= 2; round++) {
    await eventually('they write', () => load.acknowledged > before + 15 * round, 60_000);
    await Promise.all(load.screens.map((screen) => screen.cut(random.between(500, 2_500))));
    await eventually('all are back', () => load.screens.every((screen) => screen.opened > round), 60_000);
  }
  await load.stop();
  return recount(world, load, { lateScreens: true, settleMs: 30_000 });
}

/** Pages that are slow, that vanish, that come back all at once. */
export function screens(world: () => World): void {
  faultTest('a page that reads too slowly is cut off with 1013, and resumes without a gap', async () => {
    expect(await slowPage(world())).toEqual([]);
  });

  faultTest(`${PAGES} pages come back at once while everybody writes`, async (random) => {
    expect(await pagesComeBack(world(), random, PAGES)).toEqual([]);
  });
}

/** The agent's socket on one process of the inbox, past the edge. */
const connectTo = async (agent: AgentClient, port: number): Promise<FrameSocket> =>
  FrameSocket.open(socketUrl(`http://127.0.0.1:${port}`, `/ws?ticket=${encodeURIComponent(await agent.ticket())}`));

const gatewayPorts = ({ system }: DistributedWorld): number[] =>
  system
    .processes()
    .filter(({ app }) => app === 'inbox')
    .map(({ port }) => port);

/**
 * A conversation moves to another team while its customer writes: the one team's page loses it, the other's, on another gateway, gets it, and
 * a page of the first that was away meanwhile is told nothing of what it may no longer see. Answers what is wrong.
 */
export async function movedToOthers(world: DistributedWorld): Promise<string[]> {
  const { stage } = world;
  const [account, here, there] = await Promise.all([stage.account(), stage.person(), stage.person()]);
  await stage.team([account], [here]);
  const target: Team = await stage.team([], [there]);
  await Promise.all([here.setPresence('online'), there.setPresence('online')]);
  const [one, other] = gatewayPorts(world) as [number, number];
  const [from, to] = [
    await Screen.ofAgent(here, 'from', () => connectTo(here, one)),
    await Screen.ofAgent(there, 'to', () => connectTo(there, other)),
  ];
  world.atEnd(async () => void (await Promise.all([from.close(), to.close()])));
  const away = await connectTo(here, one);
  await away.close();
  const visitor = await stage.visitor(account);
  const id = visitor.conversationId;
  const shownOn = (screen: Screen): number[] => screen.shown().get(id) ?? [];
  for (let n = 1; n <= 10; n++) await visitor.say(`搬家前 ${n}`);
  await eventually('it is shown', () => shownOn(from).length >= 10);
  const writing = (async () => {
    for (let n = 11; n < SAID; n++) await visitor.say(`搬家时 ${n}`);
  })();
  await here.post<Conversation>(`/conversations/${id}/transfer`, { teamId: target.id });
  await writing;
  await visitor.say('搬家后');
  const has = (screen: Screen, type: string): boolean =>
    screen.frames().some((frame) => frame.type === type && (frame.data as { id: string }).id === id);
  await eventually('the one has lost it', () => has(from, 'conversation.removed'));
  await eventually('the other has it', () => has(to, 'conversation.updated'));
  await eventually('the other shows the last', () => shownOn(to).at(-1) === SAID);
  const wrong: string[] = [];
  const stored = (await stage.admin.messages(id)).map((message) => message.seq);
  const [left, came] = [shownOn(from), shownOn(to)];
  say(`  ${left.length} on the one screen, ${came.length} on the other, ${stored.length} in all`);
  // Nobody misses anything, nobody sees what is no longer or not yet theirs.
  if ([...left, ...came].join() !== stored.join() || came.length === 0)
    wrong.push(`of ${stored.join()} the one was shown ${left.join()}, the other ${came.join()}`);
  const back = await connectTo(here, one);
  back.send({ type: 'resume', seq: away.position });
  back.send({ type: 'ping' });
  await back.next('pong', 30_000);
  const seen = back.frames.filter(
    ({ type, data }) => type === 'message.created' && (data as Message).conversationId === id,
  );
  if (seen.length > 0)
    wrong.push(`a page that came back was shown ${seen.length} messages that were no longer its own`);
  await back.close();
  return wrong;
}

/** Two gateways. */
export function gateways(world: () => DistributedWorld): void {
  faultTest('another gateway serves the resume, also when the first is killed', async () => {
    const load = await Load.start(world(), { conversations: 20, perSecond: 40 });
    const [agent] = load.agents as [AgentClient];
    const [one, other] = gatewayPorts(world()) as [number, number];
    let turn = 0;
    const hopping = await Screen.ofAgent(agent, 'hopping page', () =>
      connectTo(agent, [one, other][turn++ % 2] ?? one),
    );
    load.screens.push(hopping);
    const hop = async (): Promise<void> => {
      const [times, acknowledged] = [hopping.opened, load.acknowledged];
      await hopping.cut();
      await eventually('it is back', () => hopping.opened > times && load.acknowledged > acknowledged + 20, 30_000);
    };
    for (let n = 0; n < 4; n++) await hop();
    // It is on the first again.
    const victim = world()
      .system.processes()
      .find(({ port }) => port === one);
    say(`  kill -9 inbox (pid ${victim?.pid})`);
    const times = hopping.opened;
    process.kill(victim?.pid ?? 0, 'SIGKILL');
    await eventually('it is back', () => hopping.opened > times, 30_000);
    await world().system.restart();
    for (let n = 0; n < 2; n++) await hop();
    await load.stop();
    expect(await recount(world(), load, { lateScreens: true })).toEqual([]);
  });

  faultTest('a conversation moved to another team leaves the one screen and comes to the other', async () => {
    expect(await movedToOthers(world())).toEqual([]);
  });
}
