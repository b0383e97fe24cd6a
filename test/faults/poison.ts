import { wrap } from '@huiliu/bus';
import { CHANNEL_INBOUND, type DlqItem, type MessageReceived } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { eventually, expectStatus, type AgentClient, type VisitorClient } from '@huiliu/testing';
import { textsOf } from '../e2e/stage';
import type { Inside } from './harness/inside';

export const POISON = '毒药';
const VISITORS = 12;
const EACH = 30;

/** Whoever stores this text fails, as long as nobody mends it: the handler's own error, of an event that is valid. */
export const POISON_TRIGGER = {
  sqlite: `CREATE TRIGGER poison BEFORE INSERT ON inbox_messages WHEN NEW.text LIKE '%${POISON}%' BEGIN SELECT RAISE(ABORT, 'cannot digest this'); END`,
  mysql: `CREATE TRIGGER poison BEFORE INSERT ON inbox_messages FOR EACH ROW BEGIN IF NEW.text LIKE '%${POISON}%' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'cannot digest this'; END IF; END`,
} as const;

interface Customer {
  readonly visitor: VisitorClient;
  readonly said: string[];
}

/**
 * Twelve customers write; what two of them say at some point cannot be stored, nor what a third says in the middle of what is read at
 * once, and two records that are no events lie between. Answers what is not as promised: nobody else notices, all of it can be seen, tried
 * again and thrown away, and each customer's words are in the end in the record once and in order.
 */
export async function poisonStays(world: Inside): Promise<string[]> {
  const { stage, random } = world;
  const { account, agent } = await stage.desk(500);
  const customers = await Promise.all(
    Array.from({ length: VISITORS }, async (): Promise<Customer> => ({
      visitor: await stage.visitor(account),
      said: [],
    })),
  );
  const [replayed, discarded, bursting, unconcerned] = customers as [Customer, Customer, Customer, Customer];
  const poisonedAt = random.between(5, 25);
  await sayAtOnce(world, bursting, ['先', POISON, '后']);
  await allStored(agent, [upTo(bursting, 2)]);
  await Promise.all(
    customers.map(async (customer) => {
      for (let i = 1; i <= EACH; i++)
        await say(
          customer,
          (customer === replayed || customer === discarded) && i === poisonedAt ? `${POISON} ${i}` : `话 ${i}`,
        );
    }),
  );
  await allStored(agent, customers.slice(3));
  await allStored(
    agent,
    [replayed, discarded].map((customer) => upTo(customer, poisonedAt - 1)),
  );
  const wrong: string[] = [];

  // All are to be seen, by whom they concern, without what was said.
  const [first, second, third] = [
    await entryOf(world, replayed),
    await entryOf(world, discarded),
    await entryOf(world, bursting),
  ];
  for (const entry of [first, second, third]) {
    if (entry.state !== 'parked' || entry.attempts < 5 || entry.consumer !== 'inbox')
      wrong.push(`an entry reads ${JSON.stringify(entry)}`);
    if (JSON.stringify(entry).includes(POISON)) wrong.push('the list shows what the customer wrote');
  }
  const refused = [
    await agent.call('GET', '/dlq'),
    await (await stage.person('supervisor')).call('POST', `/dlq/${first.id}/discard`, { json: {} }),
  ];
  if (refused.some(({ status }) => status !== 403))
    wrong.push(`not refused: ${refused.map(({ status }) => status).join(' ')}`);

  // What comes later waits behind.
  for (const customer of [replayed, discarded]) for (let i = 1; i <= 3; i++) await say(customer, `后来 ${i}`);
  await say(unconcerned, '别人的');
  await allStored(agent, [unconcerned]);
  if ((await texts(agent, replayed)).length !== poisonedAt - 1) wrong.push('something overtook the parked event');

  await act(world, first, 'replay');
  await eventually(
    'a replay that fails is told',
    async () => (await entryOf(world, replayed)).attempts > first.attempts,
  );
  for (const entry of [second, third]) await act(world, entry, 'discard');
  discarded.said.splice(poisonedAt - 1, 1);
  bursting.said.splice(bursting.said.indexOf(POISON), 1);
  await allStored(agent, [discarded, bursting]);
  await world.execute({ sqlite: 'DROP TRIGGER poison', mysql: 'DROP TRIGGER poison' });
  await act(world, first, 'replay');
  await allStored(agent, customers);
  await eventually('nothing is left', async () => (await entries(world)).length === 0);

  // What is no event at all: seen, thrown away, and the key goes on.
  const key = `${account.id}:${unconcerned.visitor.conversationId}`;
  const topic = CHANNEL_INBOUND.name;
  await world.append([
    { topic, key, value: `{"id": ${POISON}` },
    { topic, key, value: JSON.stringify({ id: 'no event', type: 'message.received', data: { text: POISON } }) },
  ]);
  await say(unconcerned, '还在');
  const dead = await eventually('both are to be seen', async () => {
    const found = await entries(world);
    return found.length === 2 && found;
  });
  if (dead.some((entry) => entry.state !== 'dead' || entry.key !== key)) wrong.push(`dead: ${JSON.stringify(dead)}`);
  for (const entry of dead) await act(world, entry, 'discard');
  await eventually('nothing is left', async () => (await entries(world)).length === 0);
  await allStored(agent, customers);
  world.count(
    'messages',
    customers.reduce((sum, { said }) => sum + said.length, 0),
  );
  return [...wrong, ...(await judge(agent, customers))];
}

async function say(customer: Customer, text: string): Promise<void> {
  await customer.visitor.say(text);
  customer.said.push(text);
}

/** What a customer has said to a place, which is what of it can be stored. */
const upTo = ({ visitor, said }: Customer, length: number): Customer => ({ visitor, said: said.slice(0, length) });

/** Greets, and says the rest in one batch of the topic, read as one by whoever handles it: by then nobody can digest poison. */
async function sayAtOnce(world: Inside, customer: Customer, rest: readonly string[]): Promise<void> {
  await say(customer, '你好');
  const id = customer.visitor.conversationId;
  const greeting = await eventually('the greeting is in its topic', async () =>
    (await world.read<MessageReceived>(CHANNEL_INBOUND)).find(({ data }) => data.conversationId === id),
  );
  await world.execute(POISON_TRIGGER);
  await world.append(
    rest.map((text) => {
      const messageId = newId();
      const own = { messageId, remoteId: messageId, clientId: null, content: { kind: 'text' as const, text } };
      const data: MessageReceived = { ...greeting.data, ...own };
      const { envelope } = wrap(CHANNEL_INBOUND, 'message.received', greeting.key, data, new Date());
      return { topic: CHANNEL_INBOUND.name, key: greeting.key, value: JSON.stringify(envelope) };
    }),
  );
  customer.said.push(...rest);
}

const texts = async (agent: AgentClient, { visitor }: Pick<Customer, 'visitor'>): Promise<string[]> =>
  textsOf((await agent.messages(visitor.conversationId)).filter(({ direction }) => direction === 'inbound'));

async function allStored(agent: AgentClient, customers: readonly Customer[]): Promise<void> {
  for (const { visitor, said } of customers)
    await eventually(
      `${visitor.conversationId} holds ${said.length} messages`,
      async () => (await texts(agent, { visitor })).length >= said.length,
      20_000,
    );
}

async function judge(agent: AgentClient, customers: readonly Customer[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const [n, { visitor, said }] of customers.entries()) {
    const all = await agent.messages(visitor.conversationId);
    if (all.some((message, i) => message.seq !== i + 1)) wrong.push(`customer ${n}: seq has a hole`);
    const stored = await texts(agent, { visitor });
    if (stored.join() !== said.join()) wrong.push(`customer ${n} said ${said.join()}, stored is ${stored.join()}`);
  }
  return wrong;
}

const entries = async ({ stage }: Inside): Promise<DlqItem[]> =>
  (await stage.admin.get<{ items: DlqItem[] }>('/dlq')).items;

async function entryOf(world: Inside, { visitor }: Customer): Promise<DlqItem> {
  return eventually('the entry is listed', async () =>
    (await entries(world)).find((entry) => entry.key?.endsWith(visitor.conversationId) === true),
  );
}

async function act(world: Inside, entry: DlqItem, what: 'replay' | 'discard'): Promise<void> {
  expectStatus(await world.stage.admin.call('POST', `/dlq/${entry.id}/${what}`, { json: {} }), 200);
}
