import type { Conversation, Message } from '@huiliu/contracts';
import { eventually, expectStatus } from '@huiliu/testing';
import { assignedTo, type Stage } from '../stage';
import { conversationFrame, messageFrame } from './frames';

/** What people do to a conversation by hand. */
export function actions(stage: () => Stage): void {
  describe('by hand', () => {
    async function opened(): Promise<{
      agent: Awaited<ReturnType<Stage['person']>>;
      colleague: Awaited<ReturnType<Stage['person']>>;
      id: string;
      visitor: Awaited<ReturnType<Stage['visitor']>>;
    }> {
      const { account, agent } = await stage().desk();
      const colleague = await stage().person('agent', 1);
      await stage().team([account], [colleague]);
      const visitor = await stage().visitor(account);
      await visitor.say('请帮忙');
      await assignedTo(agent, visitor.conversationId, agent.me.id);
      return { agent, colleague, id: visitor.conversationId, visitor };
    }

    it('a conversation is transferred to a colleague, with a note that the customer does not see', async () => {
      const { agent, colleague, id, visitor } = await opened();
      const screen = await colleague.connect();
      await colleague.setPresence('online');
      const moved = await agent.post<Conversation>(`/conversations/${id}/transfer`, {
        agentId: colleague.me.id,
        note: '请接手',
      });
      expect(moved.assignee?.id).toBe(colleague.me.id);
      await screen.waitFor(
        'it is mine',
        conversationFrame(id, (one) => one.assignee?.id === colleague.me.id),
      );
      const messages = await colleague.messages(id);
      expect(messages.some((message) => message.direction === 'note' && message.content.text === '请接手')).toBe(true);
      expect((await visitor.messages()).every((message) => message.content.text !== '请接手')).toBe(true);
      await screen.close();
    });

    it('a supervisor assigns by hand, beyond capacity too', async () => {
      const { account, agent } = await stage().desk(1);
      const [one, two] = [await stage().visitor(account), await stage().visitor(account)];
      await one.say('一');
      await assignedTo(agent, one.conversationId, agent.me.id);
      await two.say('二');
      await eventually(
        'the second is there',
        async () => (await stage().admin.call('GET', `/conversations/${two.conversationId}`)).status === 200,
      );
      const given = await stage().admin.post<Conversation>(`/conversations/${two.conversationId}/assign`, {
        agentId: agent.me.id,
      });
      expect(given.assignee?.id).toBe(agent.me.id);
      expect(await agent.get('/agents/me')).toMatchObject({ load: 2, capacity: 1 });
    });

    it('resolving ends the session; the next message opens a new one', async () => {
      const { agent, id, visitor } = await opened();
      const before = await agent.conversation(id);
      const resolved = await agent.post<Conversation>(`/conversations/${id}/resolve`, { category: '物流' });
      expect(resolved).toMatchObject({ status: 'resolved', assignee: null, session: null, waitingSince: null });
      await visitor.say('还有一件事');
      const again = await assignedTo(agent, id, agent.me.id);
      expect(again.status).toBe('open');
      expect(again.session?.id).not.toBe(before.session?.id);
      expect((await agent.messages(id)).filter((message) => message.direction === 'inbound')).toHaveLength(2);
    });

    it('a resolved conversation is opened again by hand', async () => {
      const { agent, id } = await opened();
      await agent.post(`/conversations/${id}/resolve`);
      const open = await agent.post<Conversation>(`/conversations/${id}/reopen`);
      expect(open.status).toBe('open');
    });

    it('a snoozed conversation comes back when its time has come, or when the customer writes', async () => {
      const { agent, id, visitor } = await opened();
      const later = await agent.post<Conversation>(`/conversations/${id}/snooze`, {
        until: new Date(Date.now() + 3_600_000).toISOString(),
        reason: '等仓库',
      });
      expect(later).toMatchObject({ status: 'snoozed', assignee: { id: agent.me.id } });
      expect(await agent.get('/agents/me')).toMatchObject({ load: 0 });
      await visitor.say('还在吗');
      await eventually('it is open again', async () => (await agent.conversation(id)).status === 'open');

      const screen = await agent.connect();
      await agent.post(`/conversations/${id}/snooze`, { until: new Date(Date.now() + 1500).toISOString() });
      await screen.waitFor(
        'it wakes',
        conversationFrame(id, (one) => one.status === 'open'),
        30_000,
      );
      expect((await agent.conversation(id)).assignee?.id).toBe(agent.me.id);
      await screen.close();
    });

    it('reading clears what is unread', async () => {
      const { agent, id } = await opened();
      expect((await agent.conversation(id)).unread).toBe(1);
      const [message] = (await agent.messages(id)).filter((one) => one.direction === 'inbound');
      expect(await agent.post<Conversation>(`/conversations/${id}/read`, { seq: message?.seq })).toMatchObject({
        unread: 0,
      });
    });

    it('two colleagues act at once and one state comes out', async () => {
      const { agent, colleague, id } = await opened();
      await colleague.setPresence('online');
      const answers = await Promise.all([
        agent.call('POST', `/conversations/${id}/transfer`, { json: { agentId: colleague.me.id } }),
        stage().admin.call('POST', `/conversations/${id}/assign`, { json: { agentId: agent.me.id } }),
        agent.call<Message>('POST', `/conversations/${id}/messages`, {
          json: { clientId: 'race-1', content: { kind: 'text', text: '同时' } },
        }),
      ]);
      expect(answers.every((answer) => answer.status < 500)).toBe(true);
      const [seen, watched] = await Promise.all([agent.conversation(id), colleague.conversation(id)]);
      expect(seen.assignee).toEqual(watched.assignee);
      expect([agent.me.id, colleague.me.id]).toContain(seen.assignee?.id);
      const seqs = (await agent.messages(id)).map((message) => message.seq);
      expect(seqs).toEqual(seqs.map((_, i) => i + 1));
    });

    it('a customer sees who is typing, and the agent sees the customer', async () => {
      const { agent, id, visitor } = await opened();
      const [screen, page] = await Promise.all([agent.connect(), visitor.connect()]);
      await eventually('both see it', async () => {
        screen.send({ type: 'typing', conversationId: id });
        page.send({ type: 'typing' });
        await Promise.all([screen.roundTrip(), page.roundTrip()]);
        return (
          screen.frames.some((frame) => frame.type === 'typing' && frame.seq === null) &&
          page.frames.some((frame) => frame.type === 'typing')
        );
      });
      expectStatus(await agent.reply(id, '写完了'), 201);
      await page.waitFor('the answer', messageFrame('写完了'));
      await Promise.all([screen.close(), page.close()]);
    });
  });
}
