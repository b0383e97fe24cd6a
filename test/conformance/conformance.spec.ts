import type { ChannelDefinition } from '@huiliu/contracts';
import { AgentClient, eventually, startSuite, type System, uniqueName } from '@huiliu/testing';
import { CASES, type Scene } from './cases';
import { PLANS } from './channels/plans';
import { Channel } from './customer';

jest.setTimeout(120_000);

const wanted = process.env['HUILIU_CONFORMANCE'] ?? '';

describe.each(PLANS.filter(({ channel }) => wanted === '' || channel === wanted).map((plan) => [plan.channel, plan] as const))(
  '%s',
  (name, plan) => {
    let system: System;
    let admin: AgentClient;
    let definition: ChannelDefinition;

    beforeAll(async () => {
      system = await startSuite({ env: switches() });
      admin = await AgentClient.login(system.baseUrl, 'admin', system.adminPassword);
      definition = await eventually('the channel is there', async () =>
        (await admin.get<{ items: ChannelDefinition[] }>('/channels')).items.find(({ channel }) => channel === name),
      );
    }, 180_000);
    afterAll(() => system?.stop(), 60_000);

    const open = (over: Record<string, unknown> = {}): Promise<Channel> => Channel.open(system, admin, name, over);
    const scene = async (): Promise<Scene> => ({ channel: await open(), definition, plan, another: open });

    for (const one of CASES) {
      if (plan.notApplicable[one.name] !== undefined) continue;
      it(one.name, async () => one.run(await scene()));
    }

    it.each(plan.modes.map((mode) => [mode.name, mode] as const))('%s', async (_name, mode) => {
      const channel = await open(mode.config);
      await channel.set(mode.settings as Record<string, unknown>);
      const { name: customer, conversation } = await channel.customer(uniqueName('c'));
      const text = uniqueName('你好');
      expect(await channel.say({ customer, text, tamper: 'forged' })).toMatchObject([{ status: 401 }]);
      expect(await channel.say({ customer, text })).toMatchObject([{ status: 200 }]);
      await eventually('it is there', async () =>
        (await channel.messages(conversation)).some((message) => message.content.text === text),
      );
      const sent = await channel.send(conversation, { kind: 'text', text: 'hi' });
      expect(await channel.ended(conversation, sent.body.id)).toMatchObject({ state: 'sent' });
    });
  },
);

/** What is broken on purpose, to see that this suite notices. */
function switches(): Record<string, string> {
  const broken = process.env['HUILIU_BREAK'];
  return broken === undefined ? {} : { HUILIU_BREAK: broken };
}
