import path from 'node:path';
import type { Account, Conversation, Message } from '@huiliu/contracts';
import { eventually, expectStatus, type AgentClient } from '@huiliu/testing';
import { heldStill, startExtra, type Extra } from '../harness/processes';
import type { Inside } from '../harness/inside';
import { ToyPlatform } from './platform';

/** Longer than the nine seconds for which a lease holds, and the heartbeat that another process needs to see it. */
const PAST_THE_LEASE_MS = 10_500;
const CUSTOMERS = 8;

/**
 * Two processes of a connector that is read by cursor. The one that reads is held still with a page in its hands until the other has
 * taken over and gone on; then it wakes. The same with one that is sending. Answers what was lost, doubled or read again.
 */
export async function staleOwners(world: Inside): Promise<string[]> {
  const platform = await ToyPlatform.start();
  const processes: Extra[] = [];
  try {
    for (let i = 0; i < 2; i++)
      processes.push(await startExtra(world, 'connector-toy', path.join(__dirname, 'main.ts')));
    const admin = world.stage.admin;
    const account = await eventually('the toy channel is known', async () => {
      const answer = await admin.call<Account>('POST', '/accounts', {
        json: { channel: 'toy', name: 'toy', config: { apiBase: platform.url } },
      });
      return answer.status === 201 && answer.body;
    });
    const agent = await world.stage.person('agent', 500);
    await world.stage.team([account], [agent]);
    await agent.setPresence('online');
    return [
      ...(await staleReader(world, platform, processes, account, agent)),
      ...(await staleSender(world, platform, processes, account, agent)),
    ];
  } finally {
    await Promise.all(processes.map((one) => one.kill()));
    await platform.stop();
  }
}

async function staleReader(
  world: Inside,
  platform: ToyPlatform,
  processes: readonly Extra[],
  account: Account,
  agent: AgentClient,
): Promise<string[]> {
  let n = 0;
  const talk = setInterval(() => platform.say(`customer${n % CUSTOMERS}`, `话 ${++n}`), 10);
  try {
    await eventually('somebody reads', () => platform.calls.some(({ body }) => Number(body.cursor) > 50));
    const { call, go } = await platform.holdNext('/pull');
    const other = processes.find(({ pid }) => pid !== call.pid)!;
    await heldStill(call.pid, PAST_THE_LEASE_MS, async () => {
      go();
      await eventually(
        'the other reads on',
        () =>
          platform.calls.some(
            ({ pid, body }) => pid === other.pid && Number(body.cursor) > Number(call.body.cursor) + 200,
          ),
        30_000,
      );
    });
    const at = n;
    await eventually('much more is said', () => n > at + 200);
  } finally {
    clearInterval(talk);
  }
  const wrong = await allThereOnce(platform, account, agent);
  // Who reads goes on from where the cursor stands: never from before.
  const cursors = platform.calls.flatMap(({ path: called, body }) => (called === '/pull' ? Number(body.cursor) : []));
  const back = cursors.filter((cursor, i) => cursor < Math.max(0, ...cursors.slice(0, i)));
  if (back.length > 0) wrong.push(`the cursor went back ${back.length} times`);
  world.count('events read by cursor', platform.events.length);
  return wrong;
}

async function allThereOnce(platform: ToyPlatform, account: Account, agent: AgentClient): Promise<string[]> {
  const wrong: string[] = [];
  for (const customer of new Set(platform.events.map((event) => event.from))) {
    const events = platform.events.filter((event) => event.from === customer);
    const conversation = await conversationOf(agent, account, customer);
    const stored = await eventually(
      `${customer} has said ${events.length}`,
      async () => {
        const all = await agent.messages(conversation.id);
        return all.filter(({ direction }) => direction === 'inbound').length >= events.length && all;
      },
      30_000,
    );
    const texts = stored.filter(({ direction }) => direction === 'inbound').map(({ content }) => content.text);
    if (texts.join() !== events.map(({ text }) => text).join())
      wrong.push(`${customer}: not everything once and in order`);
    if (stored.some((message, i) => message.seq !== i + 1)) wrong.push(`${customer}: seq has a hole`);
  }
  return wrong;
}

/** Held still in the middle of a send: it went out once, and is marked unknown; what follows goes on in order, once. */
async function staleSender(
  world: Inside,
  platform: ToyPlatform,
  processes: readonly Extra[],
  account: Account,
  agent: AgentClient,
): Promise<string[]> {
  const wrong: string[] = [];
  const conversation = await conversationOf(agent, account, 'customer0');
  const texts = Array.from({ length: 5 }, (_, i) => `答 ${i + 1}`);
  const held = platform.holdNext('/send');
  const posted: Message[] = [];
  for (const text of texts) posted.push(expectStatus(await agent.reply(conversation.id, text), 201));
  const { call, go } = await held;
  if (!processes.some(({ pid }) => pid === call.pid)) wrong.push('a process that nobody knows sends');
  const states = async (): Promise<string[]> => {
    const all = await agent.messages(conversation.id);
    return posted.map(({ id }) => all.find((message) => message.id === id)?.state ?? 'gone');
  };
  const wanted = ['unknown', 'sent', 'sent', 'sent', 'sent'].join();
  await heldStill(call.pid, PAST_THE_LEASE_MS, async () => {
    go();
    await eventually('the other sends on', async () => (await states()).join() === wanted, 40_000);
  });
  // What the one that woke says of it comes too late: another answer shows that it is at work again.
  await eventually('everything is sent as before', async () => {
    const answer = expectStatus(await agent.reply(conversation.id, `还有 ${platform.calls.length}`), 201);
    return eventually(
      'sent',
      async () => (await agent.messages(conversation.id)).find((one) => one.id === answer.id)?.state === 'sent',
    );
  });
  const sent = platform.sentTo('customer0').filter((text) => texts.includes(text));
  if (sent.join() !== texts.join()) wrong.push(`the customer got ${sent.join()}`);
  const now = (await states()).join();
  if (now !== wanted) wrong.push(`the answers are ${now}`);
  world.count('answers', platform.sentTo('customer0').length);
  return wrong;
}

const conversationOf = (agent: AgentClient, account: Account, customer: string): Promise<Conversation> =>
  eventually(`the conversation of ${customer}`, async () =>
    (await agent.conversations(`accountId=${account.id}`)).find(({ contact }) => contact.remoteId === customer),
  );
