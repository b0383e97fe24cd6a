import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GuardedFetch } from '@huiliu/connector-kit';
import { eventually } from '@huiliu/testing';
import { PuppetClient } from './client';
import { definition } from './definition';
import { endpointOf } from './endpoint';
import { connectionErrorOf, sendErrorOf } from './errors';
import { loadPuppet } from './puppet';

jest.setTimeout(60_000);

const SERVICE: string = 'wechaty-puppet-service';
const TOKEN = 'insecure_7d6f';

interface Server {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A real puppet service whose phone is the mock puppet; `plays`: what it answers instead. */
async function serve(
  plays: object = {},
): Promise<{ server: Server; endpoint: string; mocker: { login(me: object): void }; me: object }> {
  const { mock, PuppetMock } = await import('wechaty-puppet-mock');
  const { PuppetServer } = (await import(SERVICE)) as { PuppetServer: new (options: object) => Server };
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const endpoint = `127.0.0.1:${(probe.address() as AddressInfo).port}`;
  await new Promise((resolve) => probe.close(resolve));
  const mocker = new mock.Mocker();
  const me = mocker.createContact({ id: 'wxid_me', name: '老板', type: 1 });
  const server = new PuppetServer({ endpoint, puppet: Object.assign(new PuppetMock({ mocker }), plays), token: TOKEN });
  await server.start();
  return { server, endpoint, mocker, me };
}

describe('a puppet service', () => {
  const heard: string[] = [];
  const hears = {
    scan: () => undefined,
    loggedIn: (name: string) => void heard.push(`in ${name}`),
    loggedOut: () => void heard.push('out'),
    message: (id: string) => void heard.push(id),
  };
  beforeEach(() => void heard.splice(0));

  it('is spoken to as it is, leaves nothing on our disk, and is let go without a false alarm', async () => {
    const home = mkdtempSync(join(tmpdir(), 'huiliu-home-'));
    const before = process.env['HOME'];
    process.env['HOME'] = home;
    const { server, endpoint, mocker, me } = await serve();
    try {
      const client = await PuppetClient.start(await loadPuppet(SERVICE, { token: TOKEN, endpoint }), hears);
      const held = client.held(AbortSignal.timeout(2_000));
      mocker.login(me);
      await eventually('logged in', () => heard.includes('in 老板'));
      expect(client.loggedIn).toBe(true);
      await held;
      await client.stop();
      expect(heard).toEqual(['in 老板']);
      expect(existsSync(join(home, '.wechaty')) ? readdirSync(join(home, '.wechaty')) : []).toEqual([]);
    } finally {
      process.env['HOME'] = before;
      await server.stop();
      rmSync(home, { recursive: true, force: true });
    }
  });

  it('tells where a place is', async () => {
    const place = { accuracy: 15, latitude: 31.2304, longitude: 121.4737, name: '人民广场', address: '黄浦区' };
    const { server, endpoint } = await serve({
      messageLocation: (id: string) => (id === 'here' ? Promise.resolve(place) : Promise.reject(new Error('nowhere'))),
    });
    const loaded = await loadPuppet(SERVICE, { token: TOKEN, endpoint });
    const client = await PuppetClient.start(loaded, hears);
    try {
      expect(await loaded.puppet.messageLocation('here')).toEqual(place);
      await expect(loaded.puppet.messageLocation('there')).rejects.toThrow('nowhere');
    } finally {
      await client.stop();
      await server.stop();
    }
  });

  it('that refuses the token is a matter of the account', async () => {
    const { server, endpoint } = await serve();
    try {
      const loaded = await loadPuppet(SERVICE, { token: 'insecure_other', endpoint });
      await expect(PuppetClient.start(loaded, hears)).rejects.toMatchObject({ kind: 'auth', code: 'bad_token' });
    } finally {
      await server.stop();
    }
  });

  it('that goes away ends the connection', async () => {
    const { server, endpoint } = await serve();
    const client = await PuppetClient.start(await loadPuppet(SERVICE, { token: TOKEN, endpoint }), hears);
    const held = client.held(AbortSignal.timeout(30_000));
    const ended = expect(held).rejects.toMatchObject({ kind: 'transient' });
    await server.stop();
    await ended;
    await client.stop();
  });

  it('that is not there is tried again', async () => {
    const loaded = await loadPuppet(SERVICE, { token: TOKEN, endpoint: '127.0.0.1:1' });
    await expect(PuppetClient.start(loaded, hears)).rejects.toMatchObject({ kind: 'transient' });
  });

  it('sends a file once, also when nobody knows whether the first try went out', async () => {
    const { puppet, fileOf } = await loadPuppet(SERVICE, { token: TOKEN, endpoint: '127.0.0.1:1' });
    const call = puppet.messageSendFile('wxid_a', fileOf('a.txt', Buffer.from('a')));
    await expect(call).rejects.toMatchObject({ kind: 'outcome_unknown' });
  });
});

describe('the address of a service', () => {
  const config = (over: object) => definition.config.parse({ puppet: SERVICE, token: TOKEN, ...over });
  const inside = new GuardedFetch({ allow: [] });

  it('is one that outgoing connections may go to', async () => {
    await expect(endpointOf(config({ endpoint: '127.0.0.1:8788' }), inside)).rejects.toMatchObject({
      code: 'address_refused',
    });
    await expect(endpointOf(config({ endpoint: '[::1]:8788' }), inside)).rejects.toMatchObject({
      code: 'address_refused',
    });
    expect(await endpointOf(config({ endpoint: '9.9.9.9:8788' }), inside)).toBe('9.9.9.9:8788');
    const allowed = new GuardedFetch({ allow: ['::1/128'] });
    expect(await endpointOf(config({ endpoint: '[::1]:8788' }), allowed)).toBe('[::1]:8788');
  });

  it('is checked too where it was looked up by the token', async () => {
    const asked: string[] = [];
    const answering = (status: number, body: string) =>
      Object.assign(new GuardedFetch({ allow: [] }), {
        fetch: (url: string) => {
          asked.push(url);
          return Promise.resolve({ status, headers: {}, body: Buffer.from(body), url });
        },
      });
    expect(await endpointOf(config({}), answering(200, '{"host":"9.9.9.9","port":8788}'))).toBe('9.9.9.9:8788');
    expect(asked).toEqual([`https://api.chatie.io/v0/hosties/${TOKEN}`]);
    await expect(endpointOf(config({}), answering(200, '{"host":"10.0.0.1","port":1}'))).rejects.toMatchObject({
      code: 'address_refused',
    });
    await expect(endpointOf(config({}), answering(404, ''))).rejects.toMatchObject({
      kind: 'auth',
      code: 'no_endpoint',
    });
    await expect(endpointOf(config({}), answering(502, ''))).rejects.toMatchObject({ kind: 'transient' });
  });

  it.each([
    { puppet: '../evil', token: 't' },
    { puppet: 'fs', token: 't' },
    { token: '../../etc' },
    { token: 't', endpoint: 'unix:/tmp/x' },
    { token: 't', endpoint: 'http://a:1' },
  ])('and what is loaded take no other form: %j', (given) => {
    expect(definition.config.safeParse(given).success).toBe(false);
  });
});

describe('what a failure means', () => {
  it.each([
    [{ code: 14, message: '14 UNAVAILABLE: No connection established' }, 'transient'],
    [new Error('not logged in'), 'transient'],
    [{ code: 14, message: '14 UNAVAILABLE: Connection dropped' }, 'outcome_unknown'],
    [{ code: 2, message: '2 UNKNOWN: something' }, 'outcome_unknown'],
    [new Error('socket hang up'), 'outcome_unknown'],
    [{ code: 7, message: 'not friends' }, 'rejected'],
    [{ code: 5, message: 'no such contact' }, 'rejected'],
    [{ code: 8, message: 'too often' }, 'rate_limited'],
    [{ code: 12, message: 'no' }, 'unsupported'],
    [{ code: 16, message: 'Invalid Wechaty TOKEN "secret"' }, 'auth'],
  ])('to a send: %j is %s', (error, kind) => {
    const known = sendErrorOf(error);
    expect(known.kind).toBe(kind);
    expect(known.message).not.toContain('secret');
  });

  it('to a connection, without the token in it', () => {
    expect(connectionErrorOf(new Error('16 UNAUTHENTICATED: Invalid Wechaty TOKEN "secret"'))).toMatchObject({
      kind: 'auth',
    });
    const other = connectionErrorOf(new Error('bad "secret" thing\nmore'));
    expect([other.kind, other.message]).toEqual(['transient', '连不上 Puppet 服务（bad … thing）']);
  });
});
