import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { GuardedFetch } from '@huiliu/connector-kit';
import { FakeClock } from '@huiliu/testing';
import { WechatClient } from './client';
import { definition } from './definition';
import { errorOf } from './errors';

interface Asked {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

describe('the interface', () => {
  const asked: Asked[] = [];
  let answer: (asked: Asked) => { status?: number; body: unknown } = () => ({ body: {} });
  let server: Server;
  let base: string;

  beforeAll(async () => {
    server = createServer((request: IncomingMessage, response) => {
      void buffer(request).then((bytes) => {
        const one = {
          path: request.url ?? '',
          authorization: request.headers.authorization,
          body: bytes.toString('utf8'),
        };
        asked.push(one);
        const { status = 200, body } = answer(one);
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  beforeEach(() => void asked.splice(0));

  const client = (over: Record<string, unknown> = {}): WechatClient => {
    const config = definition.config.parse({ appId: 'wx1', appSecret: 'S3CRET', token: 't', apiBase: base, ...over });
    return new WechatClient(config, new GuardedFetch({ allow: ['127.0.0.0/8'] }), new FakeClock(), (work) => work());
  };
  const paths = (): string[] => asked.map(({ path }) => path.split('?')[0] as string);

  it('is called with a token of its own, asked for with the secret', async () => {
    answer = ({ path }) => ({
      body: path.startsWith('/cgi-bin/stable_token') ? { access_token: 'T', expires_in: 7200 } : { errcode: 0 },
    });
    await client().post('/cgi-bin/message/custom/send', { touser: 'o' });
    expect(paths()).toEqual(['/cgi-bin/stable_token', '/cgi-bin/message/custom/send']);
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({
      grant_type: 'client_credential',
      appid: 'wx1',
      secret: 'S3CRET',
      force_refresh: false,
    });
    expect(asked[1]?.path).toContain('access_token=T');
  });

  it('is called with the token of whoever owns it, who is asked again when it is refused and never told the secret', async () => {
    let current = 'T1';
    answer = ({ path, body }) => {
      if (path === '/central/token') {
        if ((JSON.parse(body) as { force_refresh: boolean }).force_refresh) current = 'T2';
        return { body: { access_token: current, expires_in: 3600 } };
      }
      return { body: path.includes('access_token=T2') ? { errcode: 0 } : { errcode: 40001, errmsg: 'invalid' } };
    };
    const forwarding = client({ tokenUrl: `${base}/central/token`, tokenUrlSecret: 'shared' });
    const send = () => forwarding.post('/cgi-bin/message/custom/send', {});
    await expect(send()).rejects.toMatchObject({ kind: 'auth', code: '40001' });
    await send();
    const central = asked.filter(({ path }) => path === '/central/token');
    expect(central.map(({ authorization }) => authorization)).toEqual(central.map(() => 'Bearer shared'));
    expect(central.map(({ body }) => (JSON.parse(body) as { force_refresh: boolean }).force_refresh)).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect(JSON.stringify(asked)).not.toContain('S3CRET');
    expect(paths()).not.toContain('/cgi-bin/stable_token');
  });

  it('that answers no token, or nothing that it could have said, is told apart', async () => {
    answer = () => ({ body: { errcode: 40164, errmsg: 'invalid ip' } });
    await expect(client().renewToken()).rejects.toMatchObject({ kind: 'auth', code: '40164' });
    answer = () => ({ status: 502, body: '<h1>' });
    await expect(client().renewToken()).rejects.toMatchObject({ kind: 'transient', code: 'http_502' });
    answer = ({ path }) => ({ body: path.includes('stable_token') ? { access_token: 'T', expires_in: 7200 } : 'ok' });
    await expect(
      client().upload('image', { name: 'a', mime: 'image/png', bytes: Buffer.from('x') }, AbortSignal.timeout(5000)),
    ).rejects.toMatchObject({ kind: 'transient' });
  });
});

/** Every code of the page on errors, and what it means to a send. */
const MEANT: readonly (readonly [string, readonly (number | string)[]])[] = [
  ['transient', ['-1']],
  ['rate_limited', [45011, 45009]],
  ['auth', [40001, 40014, 42001, 41001, 40013, 40125, 40164]],
  ['window_closed', [45015, 45047]],
  ['unsupported', [40008]],
  [
    'rejected',
    [
      40003, 40007, 40033, 43004, 43019, 45002, 47001, 48001, 48002, 48004, 45072, 45080, 45081, 61450, 61455, 61459,
      99999,
    ],
  ],
];

describe('an error code', () => {
  it.each(MEANT.flatMap(([kind, codes]) => codes.map((code) => [String(code), kind] as const)))(
    '%s is %s',
    (code, kind) => {
      expect(errorOf(code, 'said')).toMatchObject({ kind, code, message: expect.stringContaining(code) });
    },
  );

  it('that is known is not told as just any refusal', () => {
    const unknown = errorOf('99999', '').message.split('（')[0];
    for (const [, codes] of MEANT)
      for (const code of codes)
        if (code !== 99999)
          expect([code, errorOf(String(code), '').message.split('（')[0]]).not.toEqual([code, unknown]);
  });
});
