import { AgentClient, eventually, uniqueName, type System } from '@huiliu/testing';
import { PLANS } from '../conformance/channels/plans';
import { Channel } from '../conformance/customer';
import type { ChannelPlan } from '../conformance/plan';
import { sandboxWorld } from '../conformance/sides/sandbox';
import { Stage, textsOf } from './stage';

jest.setTimeout(240_000);

const CUSTOMERS = 4;
const EACH = 15;

/** Every channel whose platform the sandbox plays, from a customer's phone to an agent's screen and back, in either mode. */
export function platformChannels(start: () => Promise<System>, appOf: (channel: string) => string): void {
  let system: System | undefined;
  let stage: Stage | undefined;
  const open = async (plan: ChannelPlan): Promise<Channel> => {
    if (system === undefined || stage === undefined) throw new Error('the system did not start');
    return Channel.open(system, stage.admin, plan.channel, sandboxWorld(plan.channel));
  };

  beforeAll(async () => {
    system = await start();
    stage = await Stage.on(system);
  }, 180_000);

  afterAll(async () => {
    await system?.stop();
  }, 60_000);

  const played = PLANS.filter(({ world }) => world === undefined);
  describe.each(played.map((plan) => [plan.channel, plan] as const))('%s', (name, plan) => {
    it('a customer writes, it is routed to an agent, the agent answers, the customer reads it', async () => {
      const channel = await open(plan);
      const agent = await (stage as Stage).person();
      await (stage as Stage).team([channel.account], [agent]);
      await agent.setPresence('online');
      const customer = uniqueName('c');
      const [question, answer, more] = [uniqueName('在吗'), uniqueName('在的'), uniqueName('谢谢')];
      expect(await channel.say({ customer, text: question })).toMatchObject([{ status: 200 }]);
      const { id } = await channel.conversationWith(question);
      await eventually('it is the agent’s', async () => (await agent.conversation(id)).assignee?.id === agent.me.id);
      await answerBy(agent, id, answer);
      await eventually(
        'the customer has it',
        async () => (await channel.got(customer)).some(({ text }) => text === answer),
        30_000,
      );
      await channel.say({ customer, text: more });
      await eventually(
        'all three',
        async () => textsOf(await agent.messages(id)).join() === [question, answer, more].join(),
      );
      const [, sent] = await agent.messages(id);
      expect(sent).toMatchObject({ state: 'sent', error: null });
    });

    const { servicer } = plan;
    if (servicer !== undefined)
      it('an agent hands the conversation to a servicer of the platform, whose answer is seen', async () => {
        const channel = await open(plan);
        const { name: customer, conversation } = await channel.customer(uniqueName('c'));
        const path = `/conversations/${conversation.id}`;
        const { admin } = channel;
        expect(await admin.get(`${path}/servicers`)).toMatchObject({
          items: expect.arrayContaining([{ id: servicer, name: servicer, available: true }]),
        });
        await admin.post(`${path}/handover`, { servicerId: servicer });
        await eventually(
          'it is theirs',
          async () => JSON.stringify(await admin.messages(conversation.id)).includes('"handed_over"'),
          30_000,
        );
        const answer = uniqueName('我来处理');
        await channel.happen({ customer, event: 'servicer_answers', key: answer });
        expect((await channel.holds(conversation, answer)).at(-1)).toMatchObject({
          author: { type: 'external', name: servicer },
        });
      });

    // Where the platform pushes what is said, test/faults/pushes kills more, and oftener.
    if (plan.pulls !== true) return;
    it('killed in the middle of a burst, nothing that was acknowledged is lost or doubled', async () => {
      const channel = await open(plan);
      await channel.set({ schedule: { answerMs: 3_000, pauseMs: 1_500, tries: 10 } });
      const customers = Array.from({ length: CUSTOMERS }, () => uniqueName('c'));
      const kept = new Map<string, string[]>(customers.map((customer) => [customer, []]));
      let said = 0;
      const burst = Promise.all(
        customers.map(async (customer) => {
          for (let n = 0; n < EACH; n++) {
            const text = `${customer} ${n}`;
            // In one process the sandbox ends with the product: what it was saying then is said again by nobody.
            const deliveries = await channel.say({ customer, text }).catch(() => null);
            said++;
            const answered = Array.isArray(deliveries) ? deliveries : [];
            // What waits at the platform to be pulled is not lost with its callback.
            if (answered.some((one) => one.taken || plan.pulls === true)) kept.get(customer)?.push(text);
            if (!answered.some((one) => one.taken)) await channel.ready();
          }
        }),
      );
      await eventually('the burst is on its way', () => said >= CUSTOMERS * 3, 30_000);
      await (system as System).kill(appOf(name));
      await (system as System).restart();
      await burst;
      for (const [customer, texts] of kept) {
        expect(texts.length).toBeGreaterThan(EACH / 2);
        const { id } = await channel.conversationWith(texts.at(-1) as string);
        const stored = textsOf(await channel.admin.messages(id));
        expect(new Set(stored).size).toBe(stored.length);
        expect(stored).toEqual(expect.arrayContaining(texts));
        // In the order in which they were said.
        const numbers = stored.filter((text) => text.startsWith(customer)).map((text) => Number(text.split(' ')[1]));
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      }
    });
  });
}

async function answerBy(agent: AgentClient, conversationId: string, text: string): Promise<void> {
  await agent.post(`/conversations/${conversationId}/messages`, {
    clientId: uniqueName('a'),
    content: { kind: 'text', text },
  });
}
