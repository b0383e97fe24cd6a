import type { Conversation, Decision, Message } from '@huiliu/contracts';
import { call, eventually, expectStatus } from '@huiliu/testing';
import { assignedTo, textsOf, type Stage } from '../stage';
import { messageFrame } from './frames';

/** A visitor writes, an agent answers: the whole way there and back. */
export function aConversation(stage: () => Stage): void {
  describe('a conversation', () => {
    it('goes from the visitor to the assigned agent and back', async () => {
      const { account, agent } = await stage().desk();
      const screen = await agent.connect();
      const visitor = await stage().visitor(account);
      const page = await visitor.connect();

      const posted = await visitor.say('你好，在吗？');
      const shown = (await screen.waitFor('the question', messageFrame('你好，在吗？'))).data as Message;
      expect(shown).toMatchObject({
        id: posted.id,
        conversationId: visitor.conversationId,
        seq: 1,
        direction: 'inbound',
        state: 'received',
        author: { type: 'contact' },
      });
      const conversation = await assignedTo(agent, visitor.conversationId, agent.me.id);
      expect(conversation).toMatchObject({
        status: 'open',
        channel: 'webchat',
        accountId: account.id,
        unread: 1,
        session: { firstReplyAt: null },
      });
      expect(conversation.waitingSince).not.toBeNull();

      const reply = expectStatus(await agent.reply(visitor.conversationId, '在的，请讲'), 201);
      expect(reply).toMatchObject({ direction: 'outbound', author: { type: 'agent', id: agent.me.id } });
      const seen = (await page.waitFor('the answer', messageFrame('在的，请讲'))).data as Message;
      expect(seen).toMatchObject({ id: reply.id, author: { type: 'agent', name: agent.me.name } });
      expect(Object.keys(seen.author).sort()).toEqual(['name', 'type']);
      await eventually('the answer was sent', async () =>
        (await agent.messages(visitor.conversationId)).some(
          (message) => message.id === reply.id && message.state !== 'queued',
        ),
      );
      expect(await agent.conversation(visitor.conversationId)).toMatchObject({ unread: 0, waitingSince: null });

      expect(textsOf(await visitor.messages())).toEqual(['你好，在吗？', '在的，请讲']);
      expect(
        (await agent.messages(visitor.conversationId))
          .filter((message) => message.direction !== 'system')
          .map((message) => message.seq),
      ).toEqual([1, 2]);
      await Promise.all([screen.close(), page.close()]);
    });

    it('says why this agent got it', async () => {
      const { account, agent } = await stage().desk();
      const visitor = await stage().visitor(account);
      await visitor.say('为什么是你？');
      await assignedTo(agent, visitor.conversationId, agent.me.id);
      const { items } = await agent.get<{ items: Decision[] }>(`/conversations/${visitor.conversationId}/decisions`);
      const assigned = items.find((decision) => decision.type === 'assigned');
      expect(assigned?.agent?.id).toBe(agent.me.id);
      expect(assigned?.reason.candidates.map((candidate) => candidate.agentId)).toContain(agent.me.id);
    });

    it('gives a message the id that its clientId makes', async () => {
      const { account, agent } = await stage().desk();
      const [one, other] = await Promise.all([stage().visitor(account), stage().visitor(account)]);
      const [first, again, elsewhere] = [
        await one.say('甲', 'same'),
        await one.say('甲', 'same'),
        await other.say('甲', 'same'),
      ];
      expect(again.id).toBe(first.id);
      expect(elsewhere.id).not.toBe(first.id);
      await assignedTo(agent, one.conversationId);
      expect(textsOf(await agent.messages(one.conversationId)).filter((text) => text === '甲')).toHaveLength(1);
    });

    it('is found by status, assignee, account and what was said', async () => {
      const { account, agent } = await stage().desk();
      const visitor = await stage().visitor(account);
      await visitor.say('我要退掉那只蓝色水壶');
      await assignedTo(agent, visitor.conversationId, agent.me.id);
      const ids = async (query: string): Promise<string[]> =>
        (await agent.conversations(query)).map((conversation) => conversation.id);
      expect(await ids('assignee=me&status=open')).toEqual([visitor.conversationId]);
      expect(await ids(`accountId=${account.id}&q=${encodeURIComponent('水壶')}`)).toEqual([visitor.conversationId]);
      expect(await ids(`accountId=${account.id}&status=resolved`)).toEqual([]);
      expect(await ids(`accountId=${account.id}&q=${encodeURIComponent('茶杯')}`)).toEqual([]);
    });

    it('keeps a note from the visitor', async () => {
      const { account, agent } = await stage().desk();
      const visitor = await stage().visitor(account);
      const page = await visitor.connect();
      await visitor.say('有货吗');
      await assignedTo(agent, visitor.conversationId, agent.me.id);
      const note = { clientId: 'note-1', direction: 'note', content: { kind: 'text', text: '此客户是 VIP' } };
      const stored = expectStatus(
        await agent.call<Message>('POST', `/conversations/${visitor.conversationId}/messages`, { json: note }),
        201,
      );
      expect(stored).toMatchObject({ direction: 'note', state: 'received' });
      expectStatus(await agent.reply(visitor.conversationId, '有货'), 201);
      await page.waitFor('the answer', messageFrame('有货'));
      expect(page.frames.some(messageFrame('此客户是 VIP'))).toBe(false);
      expect(textsOf(await visitor.messages())).toEqual(['有货吗', '有货']);
      await page.close();
    });

    it('carries a file both ways, to nobody else', async () => {
      const { account, agent } = await stage().desk();
      const visitor = await stage().visitor(account);
      await visitor.say('发票给我一下');
      await assignedTo(agent, visitor.conversationId, agent.me.id);
      const form = new FormData();
      form.append('file', new Blob(['发票内容'], { type: 'text/plain' }), '发票.txt');
      const file = expectStatus(
        await agent.call<{ id: string; name: string; size: number }>('POST', '/attachments', { raw: form }),
        200,
        201,
      );
      expect(file).toMatchObject({ name: '发票.txt', size: Buffer.byteLength('发票内容') });
      const content = { kind: 'file', text: '', attachment: { id: file.id } };
      expectStatus(
        await agent.call<Message>('POST', `/conversations/${visitor.conversationId}/messages`, {
          json: { clientId: 'file-1', content },
        }),
        201,
      );

      const download = await eventually('the visitor may read it', async () => {
        const answer = await call(stage().baseUrl, 'GET', `/webchat/${account.id}/attachments/${file.id}`, {
          token: visitor.token,
        });
        return answer.status === 200 && answer;
      });
      expect(download.text).toBe('发票内容');
      const stranger = await stage().visitor(account);
      expect(
        (await call(stage().baseUrl, 'GET', `/webchat/${account.id}/attachments/${file.id}`, { token: stranger.token }))
          .status,
      ).toBe(404);
      expect((await call(stage().baseUrl, 'GET', `/api/v1/attachments/${file.id}`)).status).toBe(401);
      const ticket = await agent.post<{ url: string }>(`/attachments/${file.id}/ticket`);
      expect((await fetch(new URL(ticket.url, stage().baseUrl))).status).toBe(200);
    });

    it('is known by who wrote it: an identity with a valid hash comes back to its own conversation', async () => {
      const secret = 'a secret of the shop';
      const account = await stage().account({ allowedOrigins: [], identitySecret: secret });
      const { createHmac } = await import('node:crypto');
      const identity = {
        id: 'customer-7',
        name: '王小明',
        hash: createHmac('sha256', secret).update('customer-7').digest('hex'),
      };
      const [phone, laptop, anonymous] = [
        await stage().visitor(account, { identity }),
        await stage().visitor(account, { identity }),
        await stage().visitor(account),
      ];
      expect(laptop.session.conversationId).toBe(phone.session.conversationId);
      expect(laptop.session.visitorId).toBe(phone.session.visitorId);
      expect(anonymous.conversationId).not.toBe(phone.conversationId);
      const forged = await call(stage().baseUrl, 'POST', `/webchat/${account.id}/session`, {
        json: { identity: { ...identity, hash: '0'.repeat(64) } },
      });
      expect(forged.status).toBe(403);
    });

    it('comes back to a visitor who brings the token', async () => {
      const { account } = await stage().desk();
      const visitor = await stage().visitor(account);
      const again = await stage().visitor(account, { token: visitor.token });
      expect(again.session).toMatchObject({
        visitorId: visitor.session.visitorId,
        conversationId: visitor.conversationId,
      });
    });

    it('takes tags and a priority', async () => {
      const { account, agent } = await stage().desk();
      const visitor = await stage().visitor(account);
      await visitor.say('急');
      await assignedTo(agent, visitor.conversationId, agent.me.id);
      const changed = expectStatus(
        await agent.call<Conversation>('PATCH', `/conversations/${visitor.conversationId}`, {
          json: { tags: ['退货'], priority: 'urgent' },
        }),
        200,
      );
      expect(changed).toMatchObject({ tags: ['退货'], priority: 'urgent' });
      expect(
        (await agent.conversations(`accountId=${account.id}&tag=${encodeURIComponent('退货')}`)).map((one) => one.id),
      ).toEqual([visitor.conversationId]);
    });
  });
}
