import {
  ACCOUNTS,
  CHANNELS,
  type Account,
  type AccountConfigured,
  type Envelope,
  type Signal,
} from '@huiliu/contracts';
import { wrap } from '@huiliu/bus';
import { newId, SecretBox } from '@huiliu/platform';
import { eventually } from '@huiliu/testing';
import { EdgesApp } from '../testing/edges-app';
import { HOOK_CHANNEL } from '../testing/facts';

const SECRET = 'do-not-tell-1';
const PASS = 'do-not-tell-2';
const CONFIG = { appId: 'wx1', appSecret: SECRET, imap: { host: 'imap.example', pass: PASS } };

describe('accounts', () => {
  let app: EdgesApp;
  const told: Envelope[] = [];
  const answers: string[] = [];
  beforeAll(async () => {
    app = await EdgesApp.start({ PUBLIC_URL: 'https://shop.example' });
    await app.define(HOOK_CHANNEL);
    await app.bus.tail(ACCOUNTS, 'beginning', (records) => told.push(...records.map(({ envelope }) => envelope)));
  });
  afterAll(() => app.stop());

  const send = async <T = Account & { error: { code: string; details?: unknown } }>(
    method: string,
    path: string,
    json?: unknown,
  ) => {
    const answer = await app.call<T>(app.admin, method, path, json === undefined ? {} : { json });
    answers.push(answer.text);
    return answer;
  };
  const create = (over: object = {}) =>
    send('POST', '/accounts', { channel: 'hook-chat', name: '店', config: CONFIG, ...over });
  const last = (id: string): AccountConfigured =>
    told.filter(({ key }) => key === id).at(-1)?.data as AccountConfigured;

  it('answer without secrets, and hand them on sealed', async () => {
    const { status, body } = await create();
    expect(status).toBe(201);
    expect(body).toMatchObject({
      channel: 'hook-chat',
      name: '店',
      webhookUrl: `https://shop.example/webhooks/hook-chat/${body.id}`,
      status: { state: 'starting', lastEventAt: null, error: null, progress: null, login: null },
      config: { appId: 'wx1', imap: { host: 'imap.example' } },
    });
    await eventually('published', () => told.some(({ key }) => key === body.id));
    const { config, revision } = last(body.id);
    expect(revision).toBe(1);
    const box = app.service.app.get(SecretBox);
    expect(box.open(String(config.appSecret))).toBe(SECRET);
    expect(box.open((config.imap as { pass: string }).pass)).toBe(PASS);
    const agent = await app.person();
    for (const path of ['/accounts', `/accounts/${body.id}`]) answers.push((await app.call(agent, 'GET', path)).text);
  });

  it('are refused when the config does not fit the channel, naming the fields and not the values', async () => {
    const cases: [object, string][] = [
      [{ config: { appId: 'x' } }, 'config.appSecret'],
      [{ config: { ...CONFIG, appId: 7 } }, 'config.appId'],
      [{ config: { ...CONFIG, extra: 'x' } }, 'config'],
      [{ config: { ...CONFIG, imap: { host: 'h', pass: PASS, more: 1 } } }, 'config.imap'],
    ];
    for (const [over, path] of cases) {
      const { status, body } = await create(over);
      expect(status).toBe(400);
      expect(body.error.details).toEqual(expect.arrayContaining([expect.objectContaining({ path })]));
    }
    expect((await create({ channel: 'no-such' })).body.error.code).toBe('unknown_channel');
    expect((await create({ id: newId() })).status).toBe(400);
    expect((await create({ name: '' })).status).toBe(400);
  });

  it('keep secrets that are left out, take new ones, and drop those given as null', async () => {
    const { id } = (await create()).body;
    const put = (config: object) => send('PUT', `/accounts/${id}`, { config });
    expect((await put({ appId: 'wx2', imap: { host: 'imap.example' } })).body.config).toEqual({
      appId: 'wx2',
      imap: { host: 'imap.example' },
    });
    expect((await put({ appId: 'wx2', appSecret: 'do-not-tell-3', imap: { host: 'imap.example' } })).status).toBe(200);
    await eventually('published', () => last(id)?.revision === 3);
    const box = app.service.app.get(SecretBox);
    expect(box.open(String(last(id).config.appSecret))).toBe('do-not-tell-3');
    expect(box.open((last(id).config.imap as { pass: string }).pass)).toBe(PASS);
    expect((await put({ appId: 'wx2', appSecret: null, imap: { host: 'imap.example' } })).status).toBe(400);
    expect((await send('PUT', `/accounts/${id}`, { name: '新名' })).body).toMatchObject({
      name: '新名',
      config: { appId: 'wx2' },
    });
  });

  it('may be given their channel again, and no other', async () => {
    const { id, channel, name } = (await create()).body;
    expect((await send('PUT', `/accounts/${id}`, { channel, name })).status).toBe(200);
    expect((await send('PUT', `/accounts/${id}`, { channel: 'webchat', name })).status).toBe(400);
  });

  it('want every secret again when they would be sent elsewhere', async () => {
    const { id } = (await create()).body;
    const put = (config: object) => send('PUT', `/accounts/${id}`, { config });
    const evil = { appId: 'wx1', imap: { host: 'evil.example' } };
    for (const config of [
      evil,
      { ...evil, appSecret: 'new' },
      { ...CONFIG, imap: { host: 'evil.example' } },
      { appId: 'wx1', apiBase: 'http://evil', imap: { host: 'imap.example', pass: 'new' } },
    ]) {
      const { status, body } = await put(config);
      expect([status, body.error.code]).toEqual([400, 'secrets_required']);
    }
    expect((await put({ ...CONFIG, apiBase: 'https://new.example' })).status).toBe(200);
    const sealed = JSON.stringify((await app.db.query('SELECT config FROM inbox_accounts WHERE id = ?', [id]))[0]);
    expect(sealed).not.toMatch(/do-not-tell/);
  });

  it('never seal what is sealed already: a sealed value from elsewhere is a text like any other', async () => {
    const stolen = app.service.app.get(SecretBox).seal('of another account');
    const { body } = await create({ config: { ...CONFIG, appSecret: stolen } });
    await eventually('published', () => told.some(({ key }) => key === body.id));
    expect(app.service.app.get(SecretBox).open(String(last(body.id).config.appSecret))).toBe(stolen);
  });

  it('show the state that their connector tells', async () => {
    const { id } = (await create()).body;
    const at = new Date().toISOString();
    const status = { accountId: id, state: 'degraded' as const, lastEventAt: at, error: '令牌过期', at };
    await app.bus.publish([wrap(CHANNELS, 'account.status', `status:${id}`, status, new Date())]);
    await eventually('seen', async () => (await send('GET', `/accounts/${id}`)).body.status.state === 'degraded');
  });

  it('are checked by asking their connector: what it says now is answered', async () => {
    const { id } = (await create()).body;
    const asked: unknown[] = [];
    const silence = app.bus.onSignal((signal) => {
      const question = signal as Extract<Signal, { type: 'account.check' }>;
      if (question.type !== 'account.check' || question.checkId === null) return;
      asked.push(question);
      const at = new Date().toISOString();
      const data = { accountId: id, state: 'error' as const, lastEventAt: null, error: '密码不对 wrong password', at };
      const status = { ...data, progress: null, checks: [question.checkId] };
      app.bus.signal({ type: 'account.checking', checkId: question.checkId } satisfies Signal);
      void app.bus.publish([wrap(CHANNELS, 'account.status', `status:${id}`, status, new Date())]);
    });
    const { status, body } = await send('POST', `/accounts/${id}/check`);
    silence();
    expect(status).toBe(200);
    expect(body.status).toEqual({
      state: 'error',
      lastEventAt: null,
      error: '密码不对 wrong password',
      progress: null,
      login: null,
    });
    expect(asked).toMatchObject([{ accountId: id, revision: 1 }]);
  });

  it('whose connector does not answer are as they were last known, and it is said', async () => {
    const { id } = (await create()).body;
    const at = new Date().toISOString();
    const known = { accountId: id, state: 'degraded' as const, lastEventAt: at, error: '令牌过期', at };
    const status = { ...known, progress: null, checks: [] };
    await app.bus.publish([wrap(CHANNELS, 'account.status', `status:${id}`, status, new Date())]);
    await eventually('seen', async () => (await send('GET', `/accounts/${id}`)).body.status.state === 'degraded');
    const { body } = await send('POST', `/accounts/${id}/check`);
    expect(body.status).toMatchObject({ state: 'degraded', lastEventAt: at });
    expect(body.status.error).toMatch(/^令牌过期\n连接器没有应答.*did not answer/s);
  }, 15_000);

  it('show the code that logs one in to admins alone', async () => {
    const { id } = (await create()).body;
    const at = new Date().toISOString();
    const login = { stage: 'waiting', qr: 'https://login.example/l/1', name: null };
    const status = { accountId: id, state: 'degraded' as const, lastEventAt: null, error: null, login, at };
    await app.bus.publish([wrap(CHANNELS, 'account.status', `status:${id}`, status, new Date())]);
    await eventually('seen', async () => (await send('GET', `/accounts/${id}`)).body.status.state === 'degraded');
    expect((await send('GET', `/accounts/${id}`)).body.status.login).toEqual(login);
    const agent = await app.person();
    for (const path of ['/accounts', `/accounts/${id}`]) {
      const answer = await app.call(agent, 'GET', path);
      expect([answer.status, answer.text.includes('waiting'), answer.text.includes('login.example')]).toEqual([
        200,
        true,
        false,
      ]);
    }
  });

  it('are gone once deleted, their secrets too', async () => {
    const { id } = (await create()).body;
    expect((await send('DELETE', `/accounts/${id}`)).status).toBe(204);
    for (const [method, path] of [
      ['GET', ''],
      ['PUT', ''],
      ['DELETE', ''],
      ['POST', '/check'],
    ] as const)
      expect((await send(method, `/accounts/${id}${path}`, method === 'PUT' ? { name: 'x' } : undefined)).status).toBe(
        404,
      );
    expect(
      (await send<{ items: Account[] }>('GET', '/accounts')).body.items.map((account) => account.id),
    ).not.toContain(id);
    await eventually('published', () => told.filter(({ key }) => key === id).at(-1)?.type === 'account.deleted');
    expect(await app.db.query('SELECT config FROM inbox_accounts WHERE id = ?', [id])).toEqual([{ config: '{}' }]);
  });

  it('list the channels with their definitions', async () => {
    expect((await send<{ items: unknown[] }>('GET', '/channels')).body).toEqual({
      items: [HOOK_CHANNEL],
      nextCursor: null,
    });
  });

  it('have told no secret in any answer', () => {
    expect(answers.length).toBeGreaterThan(20);
    expect(answers.join('\n')).not.toMatch(/do-not-tell|enc:v1/);
  });
});
