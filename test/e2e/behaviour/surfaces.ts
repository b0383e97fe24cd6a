import { call, eventually, expectStatus, isErrorBody } from '@huiliu/testing';
import type { Stage } from '../stage';

const SECRET = 'kept from everyone';
const ULID = /^[0-9A-HJKMNP-TV-Z]{26}$/;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** What others rely on to the letter. */
export function surfaces(stage: () => Stage): void {
  describe('the surfaces', () => {
    it('answer probes, and metrics to loopback only where they are not behind the edge', async () => {
      const { baseUrl, system } = stage();
      expect((await call(baseUrl, 'GET', '/healthz')).status).toBe(200);
      expect((await call(baseUrl, 'GET', '/readyz')).body).toMatchObject({ status: 'ok' });
      if (system.mode === 'suite') expect((await call(baseUrl, 'GET', '/metrics')).text).toContain('process_cpu');
    });

    it('serve the page, the documentation, the widget and the sandbox', async () => {
      const { baseUrl } = stage();
      const account = await stage().account();
      expect((await call(baseUrl, 'GET', '/')).text).toContain('<!doctype html');
      expect((await call(baseUrl, 'GET', '/api/docs')).status).toBe(200);
      const widget = await call(baseUrl, 'GET', `/webchat/${account.id}/widget.js`);
      expect([widget.status, widget.headers.get('content-type')?.split(';')[0]]).toEqual([200, 'text/javascript']);
      const sandbox = await call(baseUrl, 'GET', '/sandbox/');
      expect(sandbox.status).toBe(200);
    });

    it('list with cursors, name with ULIDs, tell time with milliseconds', async () => {
      const { account } = await stage().desk();
      const list = await stage().admin.get<{ items: { id: string; createdAt: string }[]; nextCursor: string | null }>(
        '/accounts',
      );
      const own = list.items.find((item) => item.id === account.id);
      expect(own?.id).toMatch(ULID);
      expect(own?.createdAt).toMatch(ISO);
      expect(account).toMatchObject({ channel: 'webchat', webhookUrl: null });
      const { items } = await stage().admin.get<{ items: { channel: string }[] }>('/channels');
      expect(items.map((item) => item.channel)).toContain('webchat');
    });

    it('keep an account its secret, and show it to nobody', async () => {
      const created = await stage().account({ allowedOrigins: [], identitySecret: SECRET });
      expect(JSON.stringify(created)).not.toContain(SECRET);
      const read = await stage().admin.get(`/accounts/${created.id}`);
      expect(JSON.stringify(read)).not.toContain(SECRET);
      const renamed = await stage().admin.put<{ name: string }>(`/accounts/${created.id}`, {
        name: '新名字',
        config: { allowedOrigins: [] },
      });
      expect(renamed.name).toBe('新名字');
      const { createHmac } = await import('node:crypto');
      const hash = createHmac('sha256', SECRET).update('c').digest('hex');
      await stage().visitor(created, { identity: { id: 'c', hash } });
    });

    it('page through messages from the newest down', async () => {
      const { account, agent } = await stage().desk();
      const visitor = await stage().visitor(account);
      for (let i = 1; i <= 12; i++) await visitor.say(`第 ${i}`);
      const page = async (query: string): Promise<number[]> =>
        expectStatus(
          await stage().admin.call<{ items: { seq: number }[] }>(
            'GET',
            `/conversations/${visitor.conversationId}/messages?${query}`,
          ),
          200,
        ).items.map((message) => message.seq);
      await eventually(
        'all are stored',
        async () => (await stage().admin.conversation(visitor.conversationId)).lastMessage?.content.text === '第 12',
      );
      const newest = await page('limit=5');
      expect(newest).toHaveLength(5);
      expect(await page(`limit=5&before=${newest[0]}`)).toEqual([1, 2, 3, 4, 5].map((n) => (newest[0] ?? 0) - 6 + n));
      expect((await agent.call('GET', `/conversations/${visitor.conversationId}/messages?limit=101`)).status).toBe(400);
    });

    it('refuse without a token, with a shape', async () => {
      for (const path of ['/conversations', '/agents', '/teams', '/accounts', '/channels', '/dlq', '/agents/me']) {
        const answer = await call(stage().baseUrl, 'GET', `/api/v1${path}`);
        expect([path, answer.status, isErrorBody(answer.body)]).toEqual([path, 401, true]);
      }
    });

    it('answer a preflight from the allowed origins', async () => {
      const account = await stage().account({ allowedOrigins: ['https://shop.example'] });
      const ask = (origin: string) =>
        call(stage().baseUrl, 'OPTIONS', `/webchat/${account.id}/messages`, {
          headers: {
            origin,
            'access-control-request-method': 'POST',
            'access-control-request-headers': 'authorization,content-type',
          },
        });
      const allowed = await ask('https://shop.example');
      expect([allowed.status < 300, allowed.headers.get('access-control-allow-origin')]).toEqual([
        true,
        'https://shop.example',
      ]);
      expect((await ask('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
    });
  });
}
