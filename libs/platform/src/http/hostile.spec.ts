import { Body, Controller, Get, HttpCode, Module, Post, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { connect } from 'node:net';
import request from 'supertest';
import { z } from 'zod';
import { Id } from '@huiliu/contracts';
import { loadConfig } from '../config/load-config';
import { AppError, conflict, tooMany, unavailable } from '../errors/app-error';
import { passesWhere } from '../errors/passing';
import { startService, type RunningService } from '../service/start-service';
import { ZodBody, ZodParam, ZodQuery } from '../validation/params';

class OutsideIsAway extends Error {}

const Thing = z.strictObject({ name: z.string().min(1), size: z.number().optional() });

@Controller('api/v1/things')
class ThingsController {
  @Get()
  list(@ZodQuery(z.object({ limit: z.coerce.number().int().max(10).default(5) })) query: { limit: number }): object {
    return query;
  }

  @Post()
  create(@ZodBody(Thing) thing: z.infer<typeof Thing>): object {
    return thing;
  }

  @Post('any')
  @HttpCode(200)
  any(@Body() body: unknown): object {
    return { body: body ?? null };
  }

  @Get('boom')
  boom(): never {
    throw Object.assign(new Error('secret detail'), { query: 'INSERT', parameters: ['private text'] });
  }

  @Get('error')
  error(@Query('of') of: string): never {
    if (of === 'conflict') throw conflict('taken', 'taken already', { by: 'x' });
    if (of === 'many') throw tooMany(2.2);
    if (of === 'down') throw unavailable('later', 7);
    if (of === 'outside') throw new OutsideIsAway('secret address');
    throw new AppError(410, 'gone', 'gone');
  }

  @Get(':id')
  one(@ZodParam('id', Id) id: string): object {
    return { id };
  }
}

@Controller('api/v1/attachments')
class UploadsController {
  @Post()
  async upload(@Req() message: FastifyRequest): Promise<object> {
    const file = await message.file();
    const bytes = await file!.toBuffer();
    return { size: bytes.length };
  }
}

@Module({ controllers: [ThingsController, UploadsController] })
class ThingsModule {}

let service: RunningService;
const lines: string[] = [];

beforeAll(async () => {
  const config = loadConfig({
    PORT: '0',
    HUILIU_MASTER_KEY: Buffer.alloc(32, 1).toString('base64'),
    LOG_LEVEL: 'debug',
    METRICS_TOKEN: 'metrics-token-metrics',
    RATE_LIMITS: 'off',
  });
  service = await startService(
    { name: 'things', modules: () => [ThingsModule], logTo: { write: (line) => void lines.push(line) } },
    config,
  );
});
afterAll(() => service.stop());

const http = () => request(service.url);
const post = (body: string, type = 'application/json', path = '/api/v1/things') =>
  http().post(path).set('content-type', type).send(body);
const shape = (code: string) => ({ error: { code, message: expect.any(String) as string } });

/** Sends bytes as they are; answers what came back. */
function raw(bytes: string | Buffer, port = service.port): Promise<{ status: number; head: string; body: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const length = /content-length: (\d+)/i.exec(text)?.[1];
      const at = text.indexOf('\r\n\r\n');
      if (at > 0 && length !== undefined && text.length >= at + 4 + Number(length)) {
        socket.destroy();
        resolve({ status: Number(text.slice(9, 12)), head: text.slice(0, at), body: text.slice(at + 4) });
      }
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`closed after: ${text}`)));
  });
}
const get = (target: string, method = 'GET') => raw(`${method} ${target} HTTP/1.1\r\nhost: x\r\n\r\n`);

describe('bodies', () => {
  test('a good one passes; unknown fields, wrong types and none at all are told field by field', async () => {
    await post('{"name":"a"}').expect(201, { name: 'a' });
    const bad = await post('{"name":{"$ne":1},"extra":1}').expect(400);
    expect(bad.body).toEqual({
      error: {
        code: 'invalid',
        message: expect.any(String),
        details: expect.arrayContaining([expect.objectContaining({ path: 'name' })]),
      },
    });
    await http().post('/api/v1/things').expect(400);
    await post('').expect(400);
  });

  test('an empty one is none, whatever type it is said to be', async () => {
    for (const type of ['text/plain;charset=UTF-8', 'application/x-www-form-urlencoded', 'application/json'])
      expect((await post('', type).expect(400)).body).toMatchObject({ error: { details: [{ path: 'name' }] } });
  });

  test('what is said about a bad body never repeats it', async () => {
    const answer = await post('{"name": hunter2}').expect(400);
    expect(JSON.stringify(answer.body)).not.toContain('hunter2');
  });

  test.each([
    ['10,000 levels of arrays', `{"name":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
    ['10,000 levels of objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
    ['65 levels', `${'['.repeat(65)}${']'.repeat(65)}`],
    ['__proto__', '{"name":"a","__proto__":{"x":1}}'],
    ['an escaped __proto__', '{"name":"a","\\u005f_proto__":{"x":1}}'],
    ['a deep __proto__', '{"name":"a","x":[{"y":{"__proto__":1}}]}'],
    ['constructor.prototype', '{"name":"a","constructor":{"prototype":{"x":1}}}'],
    ['half of JSON', '{"name":'],
    ['two values', '{}{}'],
    ['a trailing comma', '{"name":"a",}'],
    ['NaN', '{"size":NaN}'],
    ['only a NUL', '\u0000'],
  ])('refuses %s', async (_name, body) => {
    expect((await post(body, 'application/json', '/api/v1/things/any').expect(400)).body).toEqual(shape('malformed'));
  });

  test('64 levels are fine', async () => {
    await post(`${'['.repeat(64)}${']'.repeat(64)}`, 'application/json', '/api/v1/things/any').expect(200);
  });

  test('refuses invalid UTF-8', async () => {
    const bytes = Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc3, 0x28, 0x22, 0x7d]);
    const answer = await fetch(`${service.url}/api/v1/things`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: bytes,
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('UTF-8');
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=gbk',
    'text/xml',
    'nonsense',
    'application/json+x',
  ])('takes no %s', async (type) => {
    expect((await post('a=1', type).expect(415)).body).toEqual(shape('unsupported_media_type'));
  });

  test('a body announced as too large is refused before it is read', async () => {
    const answer = await raw(
      'POST /api/v1/things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2000000\r\n\r\n',
    );
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body)).toEqual(shape('too_large'));
  });

  test('a body that turns out too large is refused, and the sender hears of it', async () => {
    const answer = await post(' '.repeat(3 * 1024 * 1024));
    expect(answer.status).toBe(413);
    const chunk = 'x'.repeat(65_536);
    const chunked = `POST /api/v1/things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${`10000\r\n${chunk}\r\n`.repeat(40)}0\r\n\r\n`;
    const other = await raw(chunked);
    expect(other.status).toBe(413);
    expect(other.head).not.toMatch(/connection: close/i);
    expect(JSON.parse(other.body)).toEqual(shape('too_large'));
  });
});

describe('uploads', () => {
  const part = (bytes: number) =>
    `--b\r\ncontent-disposition: form-data; name="file"; filename="a.bin"\r\ncontent-type: application/octet-stream\r\n\r\n${'x'.repeat(bytes)}\r\n--b--\r\n`;

  test('20 MB pass, one byte more does not', async () => {
    await post(part(20 * 1024 * 1024), 'multipart/form-data; boundary=b', '/api/v1/attachments').expect(201, {
      size: 20 * 1024 * 1024,
    });
    expect(
      (await post(part(20 * 1024 * 1024 + 1), 'multipart/form-data; boundary=b', '/api/v1/attachments').expect(413))
        .body,
    ).toEqual(shape('too_large'));
    expect(
      (await post(part(22 * 1024 * 1024), 'multipart/form-data; boundary=b', '/api/v1/attachments').expect(413)).body,
    ).toEqual(shape('too_large'));
  });

  test.each([
    ['without a boundary', 'multipart/form-data', part(1)],
    ['cut off', 'multipart/form-data; boundary=b', part(10).slice(0, 100)],
  ])('a multipart body %s is 400', async (_name, type, body) => {
    expect((await post(body, type, '/api/v1/attachments').expect(400)).body).toEqual({
      error: expect.objectContaining({ code: expect.any(String) }),
    });
  });
});

describe('paths and methods', () => {
  test.each([
    ['/%', 400],
    ['/%zz', 400],
    ['/api/v1/things/%c3%28', 400],
    ['//api/v1/things', 404],
    ['//admin', 404],
    ['/api//v1/things', 404],
    ['/api/v1/things/', 404],
    ['/api/v1/../v1/things', 404],
    ['/API/v1/things', 404],
    ['/api/v1/things/%00', 404],
    ['/api/v1/things/01ARZ3NDEKTSV4RRFFQ69G5FAV%00', 404],
    ['/api/v1/things/..%2f..%2fmetrics', 404],
    [`/api/v1/things/${'x'.repeat(600)}`, 404],
    ['/', 404],
    ['http://elsewhere/nothing', 404],
    ['*', 404],
  ])('%s is %d in the error shape', async (path, status) => {
    const answer = await get(path);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toEqual({ error: { code: expect.any(String), message: expect.any(String) } });
    expect(answer.head).toMatch(/x-content-type-options: nosniff/i);
  });

  test('an encoded letter is the same route and passes the same code', async () => {
    expect((await get('/%61pi/v1/things')).status).toBe(200);
  });

  test('an id that is none names nothing', async () => {
    await http()
      .get('/api/v1/things/nope')
      .expect(404, /not_found/);
    await http().get('/api/v1/things/01ARZ3NDEKTSV4RRFFQ69G5FAV').expect(200);
  });

  test('a known path with another method is 405 and says which', async () => {
    const answer = await http().delete('/api/v1/things').expect(405);
    expect(answer.body).toEqual(shape('method_not_allowed'));
    expect(answer.headers['allow']).toBe('GET, HEAD, POST');
    await http().put('/api/v1/things/01ARZ3NDEKTSV4RRFFQ69G5FAV').send('{').expect(405);
    await http().delete('/api/v1/nothing').expect(404);
    expect((await get('/api/v1/things', 'PROPFIND')).status).toBe(405);
  });

  test('HEAD is answered like GET without a body', async () => {
    await http().head('/api/v1/things').expect(200);
    await http().head('/api/v1/nothing').expect(404);
  });

  test('a query parameter given twice or as an object is refused', async () => {
    await http().get('/api/v1/things?limit=1&limit=2').expect(400, /limit/);
    await http().get('/api/v1/things?limit=11').expect(400);
    await http().get('/api/v1/things?__proto__=1&limit=3').expect(200, { limit: 3 });
  });

  test.each([
    ['not HTTP', 'hello\r\n\r\n', 400],
    ['headers too large', `GET / HTTP/1.1\r\nhost: x\r\na: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['two lengths', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n', 400],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
      400,
    ],
  ])('%s is answered in the error shape', async (_name, bytes, status) => {
    const answer = await raw(bytes);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toEqual({ error: { code: expect.any(String), message: expect.any(String) } });
  });
});

describe('errors', () => {
  test('keep their status, code, details and Retry-After', async () => {
    await http()
      .get('/api/v1/things/error?of=conflict')
      .expect(409, { error: { code: 'taken', message: 'taken already', details: { by: 'x' } } });
    await http().get('/api/v1/things/error?of=many').expect(429).expect('retry-after', '3');
    await http().get('/api/v1/things/error?of=down').expect(503).expect('retry-after', '7');
    await http().get('/api/v1/things/error?of=other').expect(410, /gone/);
  });

  test('one whose cause lies outside and passes is 503, told to the log and to nobody else', async () => {
    passesWhere((error) => error instanceof OutsideIsAway);
    lines.length = 0;
    const answer = await http().get('/api/v1/things/error?of=outside').expect(503).expect('retry-after', '5');
    expect(answer.body).toEqual(shape('unavailable'));
    expect(answer.text).not.toContain('secret');
    expect(lines.join('')).toContain('request failed');
  });

  test('an unexpected one is 500 and leaks neither to the asker nor to the log', async () => {
    lines.length = 0;
    const answer = await http()
      .get('/api/v1/things/boom?token=hunter2')
      .set('authorization', 'Bearer hunter2hunter2')
      .expect(500);
    expect(answer.body).toEqual(shape('internal'));
    expect(answer.text).not.toContain('secret');
    const log = lines.join('');
    expect(log).toContain('request failed');
    expect(log).not.toMatch(/hunter2|private text/);
    expect(log).toContain(answer.headers['x-request-id']);
  });
});

describe('probes', () => {
  test('are not logged; metrics are for loopback without a proxy, or the token', async () => {
    lines.length = 0;
    await http().get('/healthz').expect(200, { status: 'ok' });
    await http().get('/readyz').expect(200, { status: 'ok' });
    const metrics = await http().get('/metrics').expect(200);
    expect(metrics.text).toContain('nodejs_eventloop_lag');
    expect(metrics.text).toContain('huiliu_http_request_duration_seconds');
    await http().get('/metrics').set('x-forwarded-for', '1.2.3.4').expect(401);
    await http().get('/metrics').set('x-forwarded-for', '127.0.0.1').expect(401);
    await http()
      .get('/metrics')
      .set('x-forwarded-for', '1.2.3.4')
      .set('authorization', 'Bearer metrics-token-metrics')
      .expect(200);
    expect(lines.filter((line) => line.includes('"request"'))).toEqual([]);
  });
});
