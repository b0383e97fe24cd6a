import { Controller, Get, Head, HttpCode, Module, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { HealthRegistry, loadConfig, startService, UpgradeRouter, type RunningService } from '@huiliu/platform';
import { EdgeModule } from './edge.module';

@Controller()
class EchoController {
  @Get('api/v1/echo')
  echo(@Req() request: FastifyRequest): object {
    return { port: request.socket.localPort, url: request.url, headers: request.headers };
  }

  @Head('api/v1/head')
  head(@Res() reply: FastifyReply): void {
    void reply.header('content-length', '5').send();
  }

  @Post('api/v1/attachments')
  @HttpCode(200)
  async upload(@Req() request: FastifyRequest): Promise<object> {
    const file = await request.file();
    return { size: (await file!.toBuffer()).length };
  }

  @Post('api/v1/json')
  @HttpCode(200)
  json(@Req() request: FastifyRequest): unknown {
    return request.body;
  }

  @Post('webhooks/webchat/:account')
  @HttpCode(200)
  hook(@Req() request: FastifyRequest): object {
    return { port: request.socket.localPort, text: request.rawBody?.toString() };
  }

  @Get('webchat/:account/where')
  where(@Req() request: FastifyRequest): object {
    return { port: request.socket.localPort };
  }

  /** Says by which connection it came; some wait, and one takes its connection with it, once. */
  @Post('webchat/:account/messages')
  @HttpCode(202)
  async message(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const { text } = (request.body as { content: { text: string } }).content;
    if (text === 'break off' && !broken) {
      broken = true;
      reply.hijack();
      reply.raw.destroy();
    }
    if (text === 'wait') {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        onWaiting();
      });
    }
    const { host, authorization, 'x-forwarded-for': from, 'x-huiliu-internal': internal } = request.headers;
    void reply.header('set-cookie', ['a=1', 'b=2']);
    return {
      text,
      place: `${request.socket.localPort} ${request.socket.remotePort}`,
      host,
      authorization,
      from,
      internal,
    };
  }

  @Get('internal/secret')
  secret(): object {
    return { secret: true };
  }

  @Get('api/v1/broken')
  broken(@Res() reply: FastifyReply): void {
    reply.hijack();
    reply.raw.writeHead(200, { 'content-length': '100' });
    reply.raw.write('only this', () => reply.raw.destroy());
  }

  @Post('api/v1/dies')
  dies(@Res() reply: FastifyReply): void {
    reply.hijack();
    reply.raw.destroy();
  }

  @Get('api/v1/big')
  big(@Res() reply: FastifyReply): void {
    void reply.type('application/octet-stream').send(Buffer.alloc(5_000_000, 1));
  }
}

let broken = false;
const waiting: (() => void)[] = [];
let onWaiting: () => void = () => undefined;

/** Whether the apps' database does not answer. */
let stuck = false;

@Module({ controllers: [EchoController] })
class AppModule {
  constructor(upgrades: UpgradeRouter, health: HealthRegistry) {
    health.add('database', () => (stuck ? new Promise<null>(() => undefined) : null));
    upgrades.add(/^\/ws$/, async (upgrade) => {
      if (upgrade.url.searchParams.get('ticket') !== 'good')
        return upgrade.reject(401, 'unauthorized', 'no such ticket');
      const socket = await upgrade.accept();
      socket.on('message', (data, binary) => socket.send(data as Buffer, { binary }));
      socket.on('message', (data) => (data as Buffer).toString() === 'end' && socket.close(4123, 'as asked'));
      socket.send(upgrade.address);
    });
  }
}

const key = Buffer.alloc(32, 3).toString('base64');
const start = (name: string, modules: () => [typeof AppModule | typeof EdgeModule], port = '0') =>
  startService(
    { name, modules, logTo: { write: () => undefined } },
    loadConfig({
      PORT: port,
      HUILIU_MASTER_KEY: key,
      RATE_LIMITS: 'off',
      TRUSTED_PROXIES: name === 'edge' ? '' : 'loopback',
    }),
  );

let inboxes: [RunningService, RunningService];
let webchat: RunningService;
let second: RunningService;
let edge: RunningService;

beforeAll(async () => {
  inboxes = [await start('inbox', () => [AppModule]), await start('inbox', () => [AppModule])];
  webchat = await start('connector-webchat', () => [AppModule]);
  second = await start('connector-webchat', () => [AppModule]);
  process.env['EDGE_UPSTREAMS'] =
    `inbox=${inboxes[0].url},inbox=${inboxes[1].url},connector-webchat=${webchat.url},connector-webchat=${second.url}`;
  edge = await start('edge', () => [EdgeModule]);
});
afterAll(async () => {
  delete process.env['EDGE_UPSTREAMS'];
  for (const service of [edge, webchat, second, ...inboxes]) await service.stop();
});

const ask = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(`${edge.url}${path}`, init);
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: () => JSON.parse(text) as Record<string, unknown>,
  };
};

test('goes round the live inboxes and says who asks', async () => {
  const ports = new Set<unknown>();
  for (let i = 0; i < 4; i++) ports.add((await ask('/api/v1/echo')).json()['port']);
  expect(ports).toEqual(new Set(inboxes.map((inbox) => inbox.port)));
});

test('keeps Host, path and query, hands on neither hop headers nor what only we may say', async () => {
  const answer = await ask('/api/v1/echo?a=%2F&b=1&b=2', {
    headers: {
      'x-forwarded-for': '9.9.9.9',
      'x-huiliu-internal': 'stolen',
      'x-request-id': 'not-yours-1',
      te: 'trailers',
      authorization: 'Bearer x',
    },
  });
  const { url, headers } = answer.json() as { url: string; headers: Record<string, string> };
  expect(url).toBe('/api/v1/echo?a=%2F&b=1&b=2');
  expect(headers).toMatchObject({
    host: new URL(edge.url).host,
    'x-forwarded-for': '127.0.0.1',
    authorization: 'Bearer x',
  });
  expect(headers).not.toHaveProperty('x-huiliu-internal');
  expect(headers).not.toHaveProperty('te');
  expect(headers['x-request-id']).toBe(answer.headers.get('x-request-id'));
  expect(headers['x-request-id']).not.toBe('not-yours-1');
});

test('streams bodies both ways and leaves limits to the apps', async () => {
  const form = new FormData();
  form.append('file', new Blob([new Uint8Array(12_000_000)]), 'a.bin');
  expect((await ask('/api/v1/attachments', { method: 'POST', body: form })).json()).toEqual({ size: 12_000_000 });
  expect((await fetch(`${edge.url}/api/v1/big`).then((response) => response.arrayBuffer())).byteLength).toBe(5_000_000);
  const json = { method: 'POST', headers: { 'content-type': 'application/json' } };
  expect((await ask('/api/v1/json', { ...json, body: '{"a":1}' })).json()).toEqual({ a: 1 });
  expect((await ask('/api/v1/json', { ...json, body: '{' })).status).toBe(400);
  expect((await ask('/api/v1/json', { ...json, body: `"${'x'.repeat(3_000_000)}"` })).status).toBe(413);
  expect(
    (await ask('/api/v1/json', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' })).status,
  ).toBe(415);
  const head = await ask('/api/v1/head', { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '5']);
});

test('passes on refusals as the apps say them', async () => {
  expect((await ask('/api/v1/echo', { method: 'DELETE' })).status).toBe(405);
  expect((await ask('/api/v1/nothing')).json()).toEqual({ error: { code: 'not_found', message: expect.any(String) } });
});

test.each([
  '/internal/secret',
  '/internal',
  '/%69nternal/secret',
  '/api/..%2finternal/secret',
  '/webhooks/unknown/1',
  '/sandbox',
  '/sandbox/x',
  '/ws/x',
])('%s is 404 in the error shape', async (path) => {
  const answer = await ask(path);
  expect(answer.status).toBe(404);
  expect(answer.json()).toEqual({ error: { code: 'not_found', message: expect.any(String) } });
});

test.each([
  'GET //internal/secret',
  'GET /api/../internal/secret',
  'GET /./internal/secret',
  'GET http://x/internal/secret',
])('%s reaches nothing inside', async (line) => {
  const text = await new Promise<string>((resolve, reject) => {
    const socket = connect(edge.port, '127.0.0.1', () =>
      socket.end(`${line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`),
    );
    let all = '';
    socket.on('data', (chunk) => (all += chunk.toString()));
    socket.on('close', () => resolve(all));
    socket.on('error', reject);
  });
  expect(text).toMatch(/^HTTP\/1\.1 40[04]/);
  expect(text).not.toContain('"secret":true');
});

const VISITORS = [
  '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  '01BX5ZZKBKACTAV9WEVGEMMVRZ',
  '01BX5ZZKBKACTAV9WEVGEMMVS0',
  '01BX5ZZKBKACTAV9WEVGEMMVS1',
  '01BX5ZZKBKACTAV9WEVGEMMVS2',
  '01BX5ZZKBKACTAV9WEVGEMMVS3',
];
const bearer = (visitorId: string, n: number) => ({
  headers: { authorization: `Bearer ${Buffer.from(JSON.stringify({ visitorId, n })).toString('base64url')}.sig` },
});
const placeOf = async (visitor: string, n: number) =>
  (await ask('/webchat/acc/where', bearer(visitor, n))).json()['port'];

test('an account and a visitor keep to one process', async () => {
  const hook = async () =>
    (
      await ask('/webhooks/webchat/acc', {
        method: 'POST',
        body: '{"a":1}',
        headers: { 'content-type': 'application/json' },
      })
    ).json();
  const first = await hook();
  expect(first['text']).toBe('{"a":1}');
  for (let i = 0; i < 5; i++) expect(await hook()).toEqual(first);
  for (const visitor of VISITORS) {
    const place = await placeOf(visitor, 0);
    for (let n = 1; n < 5; n++) expect(await placeOf(visitor, n)).toBe(place);
  }
});

describe('what visitors write', () => {
  const ACCOUNT = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  const post = (text: string, more: { visitor?: string; content?: object; headers?: Record<string, string> } = {}) =>
    ask(`/webchat/${ACCOUNT}/messages`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...bearer(more.visitor ?? VISITORS[0]!, 0).headers,
        ...more.headers,
      },
      body: JSON.stringify({ content: { text, ...more.content } }),
    });
  const places = (answers: { json(): Record<string, unknown> }[]) => new Set(answers.map((one) => one.json()['place']));

  test('shares a few connections, and each gets its own answer, whole and from the one process', async () => {
    const texts = Array.from({ length: 200 }, (_, nth) => `第 ${nth} 句 ${'字'.repeat(nth)}`);
    const answers = await Promise.all(texts.map((text) => post(text, { headers: { 'x-huiliu-internal': 'stolen' } })));
    expect(answers.map(({ status }) => status)).toEqual(texts.map(() => 202));
    expect(answers.map((one) => one.json()['text'])).toEqual(texts);
    expect(places(answers).size).toBeLessThanOrEqual(4);
    expect(new Set(answers.map((one) => (one.json()['place'] as string).split(' ')[0])).size).toBe(1);
    const { host, authorization, from, internal } = answers[0]!.json();
    expect({ host, authorization, from, internal }).toEqual({
      host: new URL(edge.url).host,
      authorization: bearer(VISITORS[0]!, 0).headers.authorization,
      from: '127.0.0.1',
      internal: undefined,
    });
    expect(answers[0]!.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(answers[0]!.headers.get('x-request-id')).toMatch(/^[0-9A-Z]{26}$/);
  });

  test('with a file, or what may name one, lets nobody wait behind it', async () => {
    const inside = new Promise<void>((resolve) => (onWaiting = () => waiting.length === 2 && resolve()));
    const slow = [
      post('wait', { content: { attachment: { id: 'x' } } }),
      post('wait', { content: { name: '\u0007' } }),
    ];
    await inside;
    const meanwhile = await post('goes on');
    expect(meanwhile.status).toBe(202);
    for (const release of waiting) release();
    expect(places([...(await Promise.all(slow)), meanwhile]).size).toBe(3);
  });

  test('refusals, large bodies and bodies in chunks come through as ever', async () => {
    const raw = (body: string, headers: Record<string, string> = {}) =>
      ask(`/webchat/${ACCOUNT}/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      });
    expect((await raw('{')).status).toBe(400);
    expect((await raw('x', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post('x'.repeat(200_000))).json()['text']).toHaveLength(200_000);
    expect((await post('x'.repeat(3_000_000))).status).toBe(413);
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"content":{"text":"in '));
        controller.enqueue(new TextEncoder().encode('chunks"}}'));
        controller.close();
      },
    });
    const chunked = await ask(`/webchat/${ACCOUNT}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: stream,
      duplex: 'half',
    });
    expect(chunked.json()['text']).toBe('in chunks');
  });

  test('is sent again when a connection breaks under somebody else, who gets 503', async () => {
    const answers = await Promise.all(
      ['break off', ...Array.from({ length: 50 }, (_, n) => `${n}`)].map((text) => post(text)),
    );
    expect(answers[0]!.status).toBe(503);
    expect(answers[0]!.headers.get('retry-after')).toBe('2');
    expect(answers.slice(1).map((one) => one.json()['text'])).toEqual(Array.from({ length: 50 }, (_, n) => `${n}`));
  });

  test('what is odd but HTTP harms nobody', async () => {
    const body = '{"content":{"text":"odd"}}';
    const odd = await new Promise<string>((resolve, reject) => {
      const socket = connect(edge.port, '127.0.0.1', () =>
        socket.write(
          `POST /webchat/${ACCOUNT}/messages HTTP/1.1\r\nhost: x\r\nhost: y\r\ncontent-type: application/json\r\nconnection: close\r\nx-odd: \xe9\r\nx-odd: 2\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
          'latin1',
        ),
      );
      let all = '';
      socket.on('data', (chunk) => (all += chunk.toString()));
      socket.on('close', () => resolve(all));
      socket.on('error', reject);
    });
    // Node does not send two hosts on, either; what counts is that the app is not taken for gone.
    expect(odd).toMatch(/^HTTP\/1\.1 503 /);
    expect((await post('still there')).status).toBe(202);
  });

  test('a visitor who is gone before the end of a body leaves no trace', async () => {
    await new Promise<void>((resolve, reject) => {
      const socket = connect(edge.port, '127.0.0.1', () =>
        socket.write(
          `POST /webchat/${ACCOUNT}/messages HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"content"`,
          () => socket.destroy(),
        ),
      );
      socket.on('close', () => resolve());
      socket.on('error', reject);
    });
    expect((await post('still there')).status).toBe(202);
  });
});

test('an answer that breaks off breaks off here, one that never comes is 503', async () => {
  await expect(fetch(`${edge.url}/api/v1/broken`).then((response) => response.text())).rejects.toThrow();
  const dead = await ask('/api/v1/dies', { method: 'POST' });
  expect([dead.status, dead.headers.get('retry-after')]).toEqual([503, '2']);
  expect((await ask('/healthz')).status).toBe(200);
});

describe('WebSockets', () => {
  const socketTo = (path: string) => new WebSocket(`${edge.url.replace('http', 'ws')}${path}`);

  test('carries frames of both kinds and the close code, and says who asks', async () => {
    const socket = socketTo('/ws?ticket=good');
    const seen: string[] = [];
    const closed = new Promise<[number, string]>((resolve) =>
      socket.on('close', (code, reason) => resolve([code, reason.toString()])),
    );
    socket.on('message', (data, binary) => {
      seen.push(`${binary}:${(data as Buffer).toString()}`);
      if (seen.length === 1) {
        socket.send('text');
        socket.send(Buffer.from('bytes'));
        socket.send('end');
      }
    });
    expect(await closed).toEqual([4123, 'as asked']);
    expect(seen).toEqual(['false:127.0.0.1', 'false:text', 'true:bytes', 'false:end']);
  });

  test('one who is slow to read gets everything as it was said', async () => {
    const socket = socketTo('/ws?ticket=good');
    const texts = Array.from({ length: 400 }, (_, n) => `${n} `.padEnd(40_000, String.fromCharCode(97 + (n % 26))));
    const [got, closed] = [[] as string[], new Promise<number>((resolve) => socket.on('close', resolve))];
    await new Promise((resolve) => socket.once('message', resolve));
    socket.on('message', (data) => got.push((data as Buffer).toString()));
    socket.pause();
    for (const text of texts) socket.send(text);
    await new Promise((resolve) => socket.send('end', resolve));
    socket.resume();
    expect(await closed).toBe(4123);
    expect(got).toEqual([...texts, 'end']);
  });

  test('one who goes away while much is on its way harms nobody', async () => {
    const [gone, other] = [socketTo('/ws?ticket=good'), socketTo('/ws?ticket=good')];
    const heard = (socket: WebSocket): Promise<string> =>
      new Promise((resolve) => socket.once('message', (data) => resolve((data as Buffer).toString())));
    await Promise.all([heard(gone), heard(other)]);
    gone.pause();
    for (let n = 0; n < 200; n++) gone.send('x'.repeat(40_000));
    const closed = new Promise((resolve) => gone.once('close', resolve));
    gone.terminate();
    await closed;
    const answer = heard(other);
    other.send('still there');
    expect(await answer).toBe('still there');
    other.close();
  });

  const refusal = (path: string) =>
    new Promise<number>((resolve, reject) => {
      const socket = socketTo(path);
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
      socket.on('error', reject);
    });

  test('passes a refusal on, and refuses by itself what belongs to nobody', async () => {
    expect(await refusal('/ws?ticket=bad')).toBe(401);
    expect(await refusal('/ws/x')).toBe(404);
    expect(await refusal('/internal/ws')).toBe(404);
    expect(await refusal('/sandbox/ws')).toBe(404);
  });

  test('after a refusal nothing more goes through', async () => {
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(edge.port, '127.0.0.1', () => {
        socket.write(
          'GET /ws?ticket=bad HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
        );
        socket.write('GET /internal/secret HTTP/1.1\r\nhost: x\r\n\r\n');
      });
      let all = '';
      socket.on('data', (chunk) => (all += chunk.toString()));
      socket.on('close', () => resolve(all));
      socket.on('error', reject);
    });
    expect(text).toContain('401');
    expect(text).not.toContain('"secret":true');
  });
});

test('a dead app: 503 with Retry-After on its paths, not ready, the rest goes on; back again when it is back', async () => {
  const { port } = webchat;
  const places = new Map(
    await Promise.all(VISITORS.map(async (visitor) => [visitor, await placeOf(visitor, 0)] as const)),
  );
  expect((await ask('/readyz')).status).toBe(200);
  await webchat.stop();
  expect((await ask('/readyz')).status).toBe(503);
  for (const visitor of VISITORS) expect(await placeOf(visitor, 0)).toBe(second.port);
  await second.stop();
  const answer = await ask('/webchat/acc/where');
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
  expect(answer.json()).toEqual({ error: { code: 'unavailable', message: expect.any(String) } });
  expect((await ask('/healthz')).status).toBe(200);
  expect((await ask('/api/v1/echo')).status).toBe(200);
  const other = second.port;
  webchat = await start('connector-webchat', () => [AppModule], String(port));
  second = await start('connector-webchat', () => [AppModule], String(other));
  expect((await ask('/readyz')).status).toBe(200);
  for (const visitor of VISITORS) expect(await placeOf(visitor, 0)).toBe(places.get(visitor));
});

test('apps that are busy, and slow to say how they are, are asked all the same', async () => {
  stuck = true;
  expect((await ask('/readyz')).status).toBe(503);
  expect((await ask('/api/v1/echo')).status).toBe(200);
  expect((await ask('/webchat/acc/where')).status).toBe(200);
  stuck = false;
  expect((await ask('/readyz')).status).toBe(200);
});

test('one inbox of two gone: the other answers everything', async () => {
  await inboxes[0].stop();
  for (let i = 0; i < 4; i++) expect((await ask('/api/v1/echo')).json()['port']).toBe(inboxes[1].port);
});

test("shows the edge's own metrics to loopback only when nobody stands between", async () => {
  expect((await ask('/metrics')).text).toContain('huiliu_http_request_duration_seconds');
  expect((await ask('/metrics', { headers: { 'x-forwarded-for': '1.1.1.1' } })).status).toBe(401);
});
