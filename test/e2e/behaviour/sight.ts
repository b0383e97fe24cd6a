import type { ServerFrame } from '@huiliu/contracts';
import {
  AgentClient,
  FrameSocket,
  UpgradeRefused,
  VisitorClient,
  call,
  eventually,
  expectStatus,
  isErrorBody,
  socketUrl,
} from '@huiliu/testing';
import { assignedTo, textsOf, type Stage } from '../stage';
import { conversationFrame, messageFrame } from './frames';

/** The status with which a socket is refused; 101 when it is not. */
async function statusOfUpgrade(url: string, headers?: Record<string, string>): Promise<number> {
  try {
    await (await FrameSocket.open(url, headers)).close();
    return 101;
  } catch (error) {
    if (error instanceof UpgradeRefused) return error.status;
    throw error;
  }
}

const tells =
  (conversationId: string) =>
  (frame: ServerFrame): boolean =>
    JSON.stringify(frame.data).includes(conversationId);

/** Who sees what, and what a token opens. */
export function sight(stage: () => Stage): void {
  describe('who sees what', () => {
    it("a visitor's token opens that visitor's conversation and nothing else", async () => {
      const { account, agent } = await stage().desk();
      const other = await stage().account();
      const [mine, theirs] = await Promise.all([stage().visitor(account), stage().visitor(account)]);
      await mine.say('我的话');
      await theirs.say('别人的秘密');
      await assignedTo(agent, theirs.conversationId);
      const { baseUrl } = stage();
      const token = mine.token;

      expect(textsOf(await mine.messages())).toEqual(['我的话']);
      for (const path of [
        `/webchat/${other.id}/messages`,
        `/api/v1/conversations`,
        `/api/v1/conversations/${mine.conversationId}`,
        '/api/v1/agents/me',
        '/api/v1/accounts',
        '/api/v1/dlq',
      ]) {
        const answer = await call(baseUrl, 'GET', path, { token });
        expect([path, [401, 403, 404].includes(answer.status), isErrorBody(answer.body)]).toEqual([path, true, true]);
      }
      const post = await call(baseUrl, 'POST', `/webchat/${other.id}/messages`, {
        token,
        json: { clientId: 'x', content: { kind: 'text', text: 'x' } },
      });
      expect([401, 403, 404]).toContain(post.status);
      expect(await statusOfUpgrade(socketUrl(baseUrl, `/ws?ticket=${token}`))).toBe(401);
      expect([401, 403, 404]).toContain(
        await statusOfUpgrade(socketUrl(baseUrl, `/webchat/${other.id}/ws?token=${token}`)),
      );
      const swapped = new VisitorClient(baseUrl, account.id, {
        ...mine.session,
        token: `${token.slice(0, -4)}${token.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`,
      });
      expect((await swapped.post('x')).status).toBe(401);
      expect(
        (
          await call(
            baseUrl,
            'GET',
            `/internal/visitor/messages?accountId=${account.id}&conversationId=${theirs.conversationId}&after=0`,
            { token },
          )
        ).status,
      ).not.toBe(200);
    });

    it("a visitor's socket carries that visitor's conversation only", async () => {
      const { account, agent } = await stage().desk();
      const [mine, theirs] = await Promise.all([stage().visitor(account), stage().visitor(account)]);
      const page = await mine.connect();
      await theirs.say('别人的秘密');
      await assignedTo(agent, theirs.conversationId);
      await mine.say('我的话');
      await page.waitFor('my own', messageFrame('我的话'));
      expect(page.frames.filter(tells(theirs.conversationId))).toEqual([]);
      expect(JSON.stringify(page.frames)).not.toMatch(/assignee|teamId|别人的秘密/);
      await page.close();
    });

    it('an agent outside the team sees nothing of it, by REST or by WebSocket', async () => {
      const { account, agent } = await stage().desk();
      const { account: elsewhere, agent: outsider } = await stage().desk();
      const supervisor = await stage().person('supervisor');
      const screen = await outsider.connect();
      const [visitor, own] = [await stage().visitor(account), await stage().visitor(elsewhere)];
      await visitor.say('只给本组看');
      await assignedTo(agent, visitor.conversationId, agent.me.id);
      const id = visitor.conversationId;
      const [message] = await agent.messages(id);
      expect((await stage().admin.conversation(id)).id).toBe(id);

      for (const stranger of [outsider, supervisor]) {
        const attempts: [string, string, unknown?][] = [
          ['GET', `/conversations/${id}`],
          ['GET', `/conversations/${id}/messages`],
          ['GET', `/conversations/${id}/decisions`],
          ['PATCH', `/conversations/${id}`, { tags: ['x'] }],
          ['POST', `/conversations/${id}/messages`, { clientId: 'x', content: { kind: 'text', text: 'x' } }],
          ['POST', `/conversations/${id}/messages/${message?.id}/retry`, {}],
          ['POST', `/conversations/${id}/read`, { seq: 1 }],
          ['POST', `/conversations/${id}/assign`, { agentId: stranger.me.id }],
          ['POST', `/conversations/${id}/transfer`, { agentId: stranger.me.id }],
          ['POST', `/conversations/${id}/resolve`, {}],
          ['POST', `/conversations/${id}/snooze`, { until: new Date(Date.now() + 3_600_000).toISOString() }],
        ];
        for (const [method, path, json] of attempts) {
          const answer = await stranger.call(method, path, json === undefined ? {} : { json });
          expect([path, answer.status, isErrorBody(answer.body)]).toEqual([path, 404, true]);
        }
        expect((await stranger.conversations()).map((one) => one.id)).not.toContain(id);
        expect(
          (await stranger.conversations(`q=${encodeURIComponent('只给本组看')}`)).map((one) => one.id),
        ).not.toContain(id);
      }
      await own.say('这条看得到');
      await screen.waitFor('their own', messageFrame('这条看得到'));
      expect(screen.frames.filter(tells(id))).toEqual([]);
      await screen.close();
    });

    it('a conversation that goes out of sight is removed from the screen, one that comes into sight appears', async () => {
      const { account, agent } = await stage().desk();
      const { agent: colleague } = await stage().desk();
      const other = await stage().team([], [colleague]);
      const visitor = await stage().visitor(account);
      const [screen, theirs] = await Promise.all([agent.connect(), colleague.connect()]);
      await visitor.say('转给别组');
      await assignedTo(agent, visitor.conversationId, agent.me.id);
      await agent.post(`/conversations/${visitor.conversationId}/transfer`, { teamId: other.id });
      await screen.waitFor(
        'it is removed',
        (frame) =>
          frame.type === 'conversation.removed' && (frame.data as { id: string }).id === visitor.conversationId,
      );
      await theirs.waitFor('it appears', conversationFrame(visitor.conversationId));
      await assignedTo(colleague, visitor.conversationId, colleague.me.id);
      expect((await agent.call('GET', `/conversations/${visitor.conversationId}`)).status).toBe(404);
      await Promise.all([screen.close(), theirs.close()]);
    });

    it('agents write neither people, teams nor accounts, and see no dead letters', async () => {
      const { agent } = await stage().desk();
      const attempts: [string, string, unknown?][] = [
        ['POST', '/agents', { username: 'x', name: 'x', password: 'longenough', role: 'admin', capacity: 1 }],
        ['PUT', `/agents/${agent.me.id}`, { role: 'admin' }],
        ['POST', '/teams', { name: 'x', agentIds: [], accountIds: [], acceptSeconds: null }],
        ['POST', '/accounts', { channel: 'webchat', name: 'x', config: {} }],
        ['GET', '/dlq'],
      ];
      for (const [method, path, json] of attempts) {
        const answer = await agent.call(method, path, json === undefined ? {} : { json });
        expect([path, answer.status, isErrorBody(answer.body)]).toEqual([path, 403, true]);
      }
    });

    it('logging out ends the token and its sockets at once', async () => {
      const { agent } = await stage().desk();
      const screen = await agent.connect();
      expectStatus(await agent.call('POST', '/auth/logout', { json: {} }), 200, 201, 204);
      await screen.closed;
      await eventually('the token is over', async () => (await agent.call('GET', '/agents/me')).status === 401);
    });

    it('a ticket works once', async () => {
      const { agent } = await stage().desk();
      const url = socketUrl(stage().baseUrl, `/ws?ticket=${await agent.ticket()}`);
      expect(await statusOfUpgrade(url)).toBe(101);
      expect(await statusOfUpgrade(url)).toBe(401);
    });

    it('a page of another origin is refused, none is let through', async () => {
      const { account, agent } = await stage().desk();
      const visitor = await stage().visitor(account);
      const { baseUrl } = stage();
      const foreign = { origin: 'https://evil.example' };
      expect(await statusOfUpgrade(socketUrl(baseUrl, `/ws?ticket=${await agent.ticket()}`), foreign)).toBe(403);
      expect(
        await statusOfUpgrade(socketUrl(baseUrl, `/webchat/${account.id}/ws?token=${visitor.token}`), foreign),
      ).toBe(403);
      expect(
        (await call(baseUrl, 'POST', `/webchat/${account.id}/session`, { json: {}, headers: foreign })).status,
      ).toBe(403);
      expect(
        (await call(baseUrl, 'POST', `/webchat/${account.id}/session`, { json: {}, headers: { origin: 'null' } }))
          .status,
      ).toBe(403);
      expect(
        (await call(baseUrl, 'POST', `/webchat/${account.id}/session`, { json: {}, headers: { origin: baseUrl } }))
          .status,
      ).toBeLessThan(300);
    });

    it('a wrong password and an unknown user are told alike', async () => {
      const { baseUrl } = stage();
      const wrong = await call(baseUrl, 'POST', '/api/v1/auth/login', {
        json: { username: 'admin', password: 'not this one' },
      });
      const unknown = await call(baseUrl, 'POST', '/api/v1/auth/login', {
        json: { username: 'nobody-here', password: 'not this one' },
      });
      expect([wrong.status, unknown.status]).toEqual([401, 401]);
      expect(wrong.body).toEqual(unknown.body);
      await expect(AgentClient.login(baseUrl, 'admin', 'not this one')).rejects.toThrow('401');
    });
  });
}
