import { call, expectStatus, isErrorBody, UpgradeRefused, FrameSocket, socketUrl } from '@huiliu/testing';
import { ADMIN_PASSWORD, EdgesApp, login, PASSWORD } from '../testing/edges-app';

describe('signing in', () => {
  let app: EdgesApp;
  beforeAll(async () => {
    app = await EdgesApp.start();
  });
  afterAll(() => app.stop());

  const attempt = (username: unknown, password: unknown) =>
    app.call(null, 'POST', '/auth/login', { json: { username, password } });

  it('gives a token that stands for the agent', async () => {
    const { body } = await app.call(app.admin, 'GET', '/agents/me');
    expect(body).toMatchObject({
      id: app.admin.id,
      username: 'admin',
      role: 'admin',
      disabled: false,
      load: 0,
      teamIds: [],
    });
    expect(JSON.stringify(body)).not.toMatch(/password|hash/i);
  });

  it('does not tell a wrong name from a wrong password', async () => {
    const wrong = await attempt('admin', 'wrong');
    const unknown = await attempt('nobody', 'wrong');
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(unknown.body).toEqual(wrong.body);
    expect(isErrorBody(wrong.body)).toBe(true);
  });

  it('takes the name in any case, the password in one', async () => {
    expect((await attempt('ADMIN', ADMIN_PASSWORD)).status).toBe(200);
    expect((await attempt('admin', ADMIN_PASSWORD.toUpperCase())).status).toBe(401);
    expect((await attempt('admin ', ADMIN_PASSWORD)).status).toBe(401);
    expect((await attempt('ａｄｍｉｎ', ADMIN_PASSWORD)).status).toBe(401);
  });

  it('refuses a name that nobody can have', async () => {
    const answer = await attempt('admin\u0000', ADMIN_PASSWORD);
    expect([answer.status, isErrorBody(answer.body)]).toEqual([400, true]);
  });

  it.each([[{ $ne: '' }], [['admin']], [7], [true], [null]])('refuses %j where a text is expected', async (value) => {
    expect((await attempt('admin', value)).status).toBe(400);
    expect((await attempt(value, 'x')).status).toBe(400);
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer x',
    `Bearer ${'A'.repeat(43)}`,
    `Basic ${'A'.repeat(43)}`,
    `Bearer ${'A'.repeat(43)} `,
  ])('lets nobody in with %j', async (authorization) => {
    const headers = authorization === undefined ? undefined : { authorization };
    const answer = await app.call(null, 'GET', '/agents/me', { headers });
    expect(answer.status).toBe(401);
    expect(isErrorBody(answer.body)).toBe(true);
  });

  it('keeps only hashes of tokens and passwords', async () => {
    const person = await app.person();
    const tokens = await app.db.query('SELECT * FROM inbox_tokens');
    const agents = await app.db.query('SELECT * FROM inbox_agents');
    expect(JSON.stringify([tokens, agents])).not.toContain(person.token);
    expect(JSON.stringify(agents)).not.toContain(PASSWORD);
    expect(agents.every((agent) => String(agent.password_hash).startsWith('$argon2id$'))).toBe(true);
  });

  it('ends one token at logout, its socket with it, and no other', async () => {
    const person = await app.person();
    const other = { ...person, token: await login(app.url, person.username, PASSWORD) };
    const [gone, stays] = [await app.socket(person), await app.socket(other)];
    expect((await app.call(person, 'POST', '/auth/logout')).status).toBe(204);
    expect((await gone.closed).code).toBe(4401);
    expect((await app.call(person, 'GET', '/agents/me')).status).toBe(401);
    expect((await app.call(other, 'GET', '/agents/me')).status).toBe(200);
    await stays.roundTrip();
    await stays.close();
  });

  it('ends every token and socket when the password changes', async () => {
    const person = await app.person();
    const other = { ...person, token: await login(app.url, person.username, PASSWORD) };
    const socket = await app.socket(other);
    const ticket = await app.ticket(other);
    const change = (currentPassword: string) =>
      app.call(person, 'PUT', '/agents/me/password', { json: { currentPassword, newPassword: 'another long one' } });
    expect((await change('wrong')).status).toBe(403);
    expect((await app.call(other, 'GET', '/agents/me')).status).toBe(200);
    expect((await change(PASSWORD)).status).toBe(204);
    for (const who of [person, other]) expect((await app.call(who, 'GET', '/agents/me')).status).toBe(401);
    expect((await socket.closed).code).toBe(4401);
    await expect(FrameSocket.open(socketUrl(app.url, `/ws?ticket=${ticket}`))).rejects.toMatchObject({ status: 401 });
    expect((await attempt(person.username, PASSWORD)).status).toBe(401);
    await login(app.url, person.username, 'another long one');
  });

  it('ends everything of an agent whom an admin disables or gives a new password', async () => {
    const [disabled, renewed] = [await app.person(), await app.person()];
    const sockets = [await app.socket(disabled), await app.socket(renewed)];
    expectStatus(await app.call(app.admin, 'PUT', `/agents/${disabled.id}`, { json: { disabled: true } }), 200);
    expectStatus(
      await app.call(app.admin, 'PUT', `/agents/${renewed.id}`, { json: { password: 'given by admin' } }),
      200,
    );
    for (const socket of sockets) expect((await socket.closed).code).toBe(4401);
    for (const who of [disabled, renewed]) expect((await app.call(who, 'GET', '/agents/me')).status).toBe(401);
    expect((await attempt(disabled.username, PASSWORD)).status).toBe(401);
    await login(app.url, renewed.username, 'given by admin');
  });

  it('opens one socket with a ticket, and none with a second use, a token or nothing', async () => {
    const ticket = await app.ticket(app.admin);
    const open = (query: string) => FrameSocket.open(socketUrl(app.url, `/ws${query}`));
    const socket = await open(`?ticket=${ticket}`);
    for (const query of [
      `?ticket=${ticket}`,
      `?ticket=${app.admin.token}`,
      `?token=${app.admin.token}`,
      '?ticket=',
      '',
    ]) {
      const refused = await open(query).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(UpgradeRefused);
      expect((refused as UpgradeRefused).status).toBe(401);
      expect(isErrorBody(JSON.parse((refused as UpgradeRefused).body))).toBe(true);
    }
    await socket.close();
  });

  it('of two that use a ticket at once, one gets in', async () => {
    const url = socketUrl(app.url, `/ws?ticket=${await app.ticket(app.admin)}`);
    const outcomes = await Promise.allSettled([FrameSocket.open(url), FrameSocket.open(url), FrameSocket.open(url)]);
    const opened = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    expect(opened).toHaveLength(1);
    for (const { value } of opened) await value.close();
  });

  it('refuses a foreign origin without using up the ticket', async () => {
    const ticket = await app.ticket(app.admin);
    const open = (origin: string) => FrameSocket.open(socketUrl(app.url, `/ws?ticket=${ticket}`), { origin });
    for (const origin of ['https://evil.example', 'null'])
      await expect(open(origin)).rejects.toMatchObject({ status: 403 });
    const socket = await open(app.url);
    await socket.close();
  });
});

describe('failed logins', () => {
  let app: EdgesApp;
  beforeEach(async () => {
    app = await EdgesApp.start({ TRUSTED_PROXIES: '127.0.0.1/32' });
  });
  afterEach(() => app.stop());

  const attempt = (username: string, password: string, address: string) =>
    call(app.url, 'POST', '/api/v1/auth/login', {
      json: { username, password },
      headers: { 'x-forwarded-for': address },
    });

  it('are ten a minute per name and address, also when they come at once; successes are free', async () => {
    for (let i = 0; i < 15; i++) expect((await attempt('admin', ADMIN_PASSWORD, '192.0.2.1')).status).toBe(200);
    const wrong = await Promise.all(Array.from({ length: 20 }, () => attempt('admin', 'wrong', '192.0.2.1')));
    expect(wrong.filter(({ status }) => status === 401)).toHaveLength(10);
    const limited = wrong.filter(({ status }) => status === 429);
    expect(limited).toHaveLength(10);
    for (const { headers } of limited) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await attempt('ADMIN', ADMIN_PASSWORD, '192.0.2.1')).status).toBe(429);
    expect((await attempt('admin', ADMIN_PASSWORD, '192.0.2.2')).status).toBe(200);
    expect((await attempt('other', 'wrong', '192.0.2.1')).status).toBe(401);
  });

  it('are a hundred a minute per name from anywhere', async () => {
    const address = (i: number): string => `198.51.100.${Math.floor(i / 5)}`;
    const wrong = await Promise.all(Array.from({ length: 105 }, (_, i) => attempt('nobody', 'wrong', address(i))));
    expect(wrong.filter(({ status }) => status === 401)).toHaveLength(100);
    expect((await attempt('nobody', 'wrong', '203.0.113.9')).status).toBe(429);
  });
});
