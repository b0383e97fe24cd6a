import type { Account, Message } from '@huiliu/contracts';
import { eventually, type AgentClient, type FrameSocket, type VisitorClient } from '@huiliu/testing';
import { assignedTo, textsOf, type Stage } from '../../e2e/stage';

/** What writing at once into some conversations comes to. */
export interface WritersPlan {
  readonly conversations: number;
  /** So many by the customer, and so many by each of the two agents. */
  readonly each: number;
}

interface Thread {
  readonly visitor: VisitorClient;
  readonly page: FrameSocket;
  /** What each writer was told is kept, in the order of their writing. */
  readonly said: Map<string, string[]>;
}

/**
 * A customer and two agents write into the same conversations, each as fast as they are answered. Answers what the record, the
 * agents' feed and the customer's side say differently, or out of anybody's order; nothing, where all agree.
 */
export async function writeAtOnce(
  stage: Stage,
  account: Account,
  agents: readonly AgentClient[],
  plan: WritersPlan,
): Promise<{ wrong: string[]; written: number }> {
  const screens = await Promise.all(agents.map((agent) => agent.connect()));
  const threads = await Promise.all(
    Array.from({ length: plan.conversations }, async (): Promise<Thread> => {
      const visitor = await stage.visitor(account);
      await visitor.say('开始');
      await assignedTo(agents[0]!, visitor.conversationId);
      return { visitor, page: await visitor.connect(), said: new Map() };
    }),
  );
  const wrong: string[] = [];
  const writer = async (
    thread: Thread,
    name: string,
    write: (text: string) => Promise<{ status: number; text: string }>,
  ) => {
    const said: string[] = [];
    thread.said.set(name, said);
    for (let i = 1; i <= plan.each; i++) {
      const text = `${name} ${i}`;
      const answer = await write(text);
      if (answer.status >= 300) wrong.push(`${text}: ${answer.status} ${answer.text.slice(0, 200)}`);
      else said.push(text);
    }
  };
  await Promise.all(
    threads.flatMap((thread) => [
      writer(thread, 'customer', (text) => thread.visitor.post(text)),
      ...agents.map((agent, n) =>
        writer(thread, `agent${n}`, (text) => agent.reply(thread.visitor.conversationId, text)),
      ),
    ]),
  );
  for (const thread of threads) wrong.push(...(await judge(thread, agents[0]!, screens)));
  await Promise.all([...screens, ...threads.map(({ page }) => page)].map((socket) => socket.close()));
  return { wrong, written: threads.reduce((sum, { said }) => sum + [...said.values()].flat().length, 0) };
}

async function judge(thread: Thread, agent: AgentClient, screens: readonly FrameSocket[]): Promise<string[]> {
  const { visitor, page, said } = thread;
  const id = visitor.conversationId;
  const count = 1 + [...said.values()].flat().length;
  const named = `conversation ${id}`;
  const stored = await eventually(
    `${named} holds ${count} messages`,
    async () => {
      const all = (await agent.messages(id)).filter(
        (one) => one.direction === 'inbound' || one.direction === 'outbound',
      );
      return all.length >= count && all;
    },
    60_000,
  );
  const wrong: string[] = [];
  const all = await agent.messages(id);
  if (all.some((message, n) => message.seq !== n + 1))
    wrong.push(`${named}: seq is ${all.map(({ seq }) => seq).join(' ')}`);
  for (const [name, texts] of said) {
    const kept = textsOf(stored).filter((text) => text.startsWith(`${name} `));
    if (kept.join() !== texts.join()) wrong.push(`${named}: what ${name} said is not stored once and in order`);
  }
  const order = stored.map((message) => message.id);
  for (const [n, screen] of screens.entries()) {
    await screen.waitFor(`${named} is on screen ${n} whole`, () => created(screen, id).length >= count, 60_000);
    if (created(screen, id).join() !== order.join())
      wrong.push(`${named}: screen ${n} shows another order than the record`);
  }
  const shown = (await visitor.messages()).map((message) => message.id);
  if (shown.join() !== order.join()) wrong.push(`${named}: the customer reads another order than the record`);
  const last = stored.at(-1)!.id;
  await page.waitFor(
    `${named} is with the customer`,
    (frame) => frame.type === 'message.created' && (frame.data as Message).id === last,
    60_000,
  );
  const live = created(page);
  // The page opened when the first messages had been said.
  if (live.join() !== order.slice(order.length - live.length).join())
    wrong.push(`${named}: the customer saw another order live`);
  if (live.length < count - 1) wrong.push(`${named}: the customer saw ${live.length} of ${count - 1} live`);
  return wrong;
}

function created(socket: FrameSocket, conversationId?: string): string[] {
  return socket.frames
    .filter((frame) => frame.type === 'message.created')
    .map((frame) => frame.data as Message)
    .filter(
      (one) => (conversationId === undefined || one.conversationId === conversationId) && one.direction !== undefined,
    )
    .filter((one) => one.direction === 'inbound' || one.direction === 'outbound')
    .map((message) => message.id);
}
