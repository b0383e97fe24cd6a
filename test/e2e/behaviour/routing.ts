import type { Agent, Offer } from '@huiliu/contracts';
import { eventually, expectStatus } from '@huiliu/testing';
import { assignedTo, type Stage } from '../stage';
import { conversationFrame, messageFrame, offerFrame } from './frames';

/** Who gets a conversation. */
export function routing(stage: () => Stage): void {
  describe('routing', () => {
    it('waits while nobody is online and assigns as soon as someone is', async () => {
      const [account, agent] = [await stage().account(), await stage().person()];
      await stage().team([account], [agent]);
      const visitor = await stage().visitor(account);
      await visitor.say('有人吗');
      const waiting = await eventually(
        'it is in the list',
        async () => (await agent.conversations(`accountId=${account.id}`))[0],
      );
      expect(waiting).toMatchObject({ assignee: null, status: 'open' });
      await agent.setPresence('online');
      await assignedTo(agent, visitor.conversationId, agent.me.id);
    });

    it('gives nobody more than their capacity, and the next one when there is room again', async () => {
      const { account, agent } = await stage().desk(1);
      const screen = await agent.connect();
      const [first, second] = [await stage().visitor(account), await stage().visitor(account)];
      await first.say('第一位');
      await assignedTo(agent, first.conversationId, agent.me.id);
      await second.say('第二位');
      await screen.waitFor('the second', messageFrame('第二位'));
      // Whoever would be given work after it has come round: a third is queued behind the second.
      const third = await stage().visitor(account);
      await third.say('第三位');
      await screen.waitFor('the third', messageFrame('第三位'));
      expect((await agent.conversation(second.conversationId)).assignee).toBeNull();
      expect(await agent.get('/agents/me')).toMatchObject({ load: 1, capacity: 1 });

      await agent.post(`/conversations/${first.conversationId}/resolve`);
      await assignedTo(agent, second.conversationId, agent.me.id);
      expect((await agent.conversation(third.conversationId)).assignee).toBeNull();
      await screen.close();
    });

    it('shares many at once without anybody getting more than their capacity', async () => {
      const account = await stage().account();
      const people = await Promise.all([stage().person('agent', 3), stage().person('agent', 2)]);
      await stage().team([account], people);
      await Promise.all(people.map((person) => person.setPresence('online')));
      const visitors = await Promise.all(Array.from({ length: 8 }, () => stage().visitor(account)));
      await Promise.all(visitors.map((visitor) => visitor.say('一起来')));
      const count = async (): Promise<number[]> => {
        const all = await stage().admin.conversations(`accountId=${account.id}`);
        return people.map((person) => all.filter((one) => one.assignee?.id === person.me.id).length);
      };
      await eventually('five are assigned', async () => (await count()).reduce((a, b) => a + b, 0) === 5);
      expect(await count()).toEqual([3, 2]);
    });

    it('gives a paused agent nothing new and leaves them what they have', async () => {
      const { account, agent } = await stage().desk();
      const [first, second] = [await stage().visitor(account), await stage().visitor(account)];
      await first.say('先来');
      await assignedTo(agent, first.conversationId, agent.me.id);
      await agent.setPresence('paused', '整理');
      const screen = await agent.connect();
      await second.say('后到');
      await screen.waitFor('the second', messageFrame('后到'));
      expect((await agent.conversation(first.conversationId)).assignee?.id).toBe(agent.me.id);
      expect((await agent.conversation(second.conversationId)).assignee).toBeNull();
      await agent.setPresence('online');
      await assignedTo(agent, second.conversationId, agent.me.id);
      await screen.close();
    });

    it('offers where the team wants to be asked: declined goes to the next, accepted is assigned', async () => {
      const [account, one, two] = [await stage().account(), await stage().person(), await stage().person()];
      await stage().team([account], [one, two], 60);
      const screens = await Promise.all([one.connect(), two.connect()]);
      await Promise.all([one.setPresence('online'), two.setPresence('online')]);
      const visitor = await stage().visitor(account);
      await visitor.say('谁来接');
      const offered = offerFrame('offer.created', visitor.conversationId);
      const first = (await Promise.race(screens.map((screen) => screen.waitFor('an offer', offered)))).data as Offer;
      const [asked, other] = first.agentId === one.me.id ? [one, two] : [two, one];
      expect(first).toMatchObject({ state: 'open', conversationId: visitor.conversationId });
      expect((await other.call('POST', `/offers/${first.id}/accept`, { json: {} })).status).toBe(404);
      expectStatus(await asked.call('POST', `/offers/${first.id}/decline`, { json: {} }), 200, 201);

      const otherScreen = screens[other === one ? 0 : 1];
      const next = (
        await otherScreen.waitFor(
          'the next offer',
          (frame) => offered(frame) && (frame.data as Offer).agentId === other.me.id,
        )
      ).data as Offer;
      expectStatus(await other.call('POST', `/offers/${next.id}/accept`, { json: {} }), 200, 201);
      await assignedTo(other, visitor.conversationId, other.me.id);
      const late = await asked.call('POST', `/offers/${first.id}/accept`, { json: {} });
      expect([404, 409]).toContain(late.status);
      expect((await other.conversation(visitor.conversationId)).assignee?.id).toBe(other.me.id);
      await Promise.all(screens.map((screen) => screen.close()));
    });

    it('takes an offer back that nobody answers in time', async () => {
      const [account, agent] = [await stage().account(), await stage().person()];
      await stage().team([account], [agent], 5);
      const screen = await agent.connect();
      await agent.setPresence('online');
      const visitor = await stage().visitor(account);
      await visitor.say('不急');
      const offer = (await screen.waitFor('an offer', offerFrame('offer.created', visitor.conversationId)))
        .data as Offer;
      const ended = (
        await screen.waitFor(
          'its end',
          (frame) => frame.type === 'offer.ended' && (frame.data as Offer).id === offer.id,
          20_000,
        )
      ).data as Offer;
      expect(ended.state).toBe('expired');
      expect(Date.parse(ended.endedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(offer.expiresAt) - 50);
      expect((await agent.conversation(visitor.conversationId)).assignee).toBeNull();
      await screen.close();
    });

    it('brings a customer back to whom they know', async () => {
      const account = await stage().account();
      const people = [await stage().person(), await stage().person()];
      await stage().team([account], people);
      await Promise.all(people.map((person) => person.setPresence('online')));
      const visitor = await stage().visitor(account);
      await visitor.say('第一次');
      const { assignee } = await assignedTo(people[0]!, visitor.conversationId);
      const known = people.find((person) => person.me.id === assignee?.id)!;
      await known.post(`/conversations/${visitor.conversationId}/resolve`);
      // Somebody else has been idle for longer by now.
      const between = await stage().visitor(account);
      await between.say('插一句');
      await assignedTo(people[0]!, between.conversationId);
      await visitor.say('又来了');
      await assignedTo(people[0]!, visitor.conversationId, known.me.id);
    });

    it('shows presence and load on the screens', async () => {
      const { account, agent } = await stage().desk();
      const watcher = await stage().admin.connect();
      const visitor = await stage().visitor(account);
      await visitor.say('计数');
      await watcher.waitFor(
        'it is theirs',
        conversationFrame(visitor.conversationId, (one) => one.assignee?.id === agent.me.id),
      );
      const { items } = await stage().admin.get<{ items: Agent[] }>('/agents');
      expect(items.find((one) => one.id === agent.me.id)).toMatchObject({ load: 1, presence: { status: 'online' } });
      await agent.setPresence('away', '午餐');
      const away = await watcher.waitFor('the presence', (frame) => {
        const changed = frame.data as Agent;
        return frame.type === 'agent.updated' && changed.id === agent.me.id && changed.presence.status === 'away';
      });
      expect(away.data).toMatchObject({ presence: { status: 'away', reason: '午餐' } });
      await watcher.close();
    });
  });
}
