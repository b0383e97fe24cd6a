import { Module } from '@nestjs/common';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { loadConfig } from '../config/load-config';
import { forbidden } from '../errors/app-error';
import { RateLimits } from '../limits/rate-limits';
import { type RunningService, startService } from '../service/start-service';
import { UpgradeRouter } from './upgrade-router';

let closes: { path: string; code: number }[] = [];
let closed: () => void = () => undefined;

@Module({})
class SocketsModule {
  constructor(upgrades: UpgradeRouter) {
    upgrades.add(/^\/echo\/(\w+)$/g, async (upgrade) => {
      const socket = await upgrade.accept();
      socket.on('message', (data, binary) => socket.send(data as Buffer, { binary }));
      socket.on('close', (code) => {
        closes.push({ path: upgrade.url.pathname, code });
        closed();
      });
      socket.send(upgrade.match[1]!);
    });
    upgrades.add(/^\/small$/, async (upgrade) => void (await upgrade.accept({ maxPayload: 10 })));
    upgrades.add(/^\/forbidden$/, () => Promise.reject(forbidden()));
    upgrades.add(/^\/boom$/, () => {
      throw new Error('private');
    });
  }
}

const KEY = Buffer.alloc(32, 1).toString('base64');
const start = () =>
  startService(
    { name: 'sockets', modules: () => [SocketsModule], logTo: { write: () => undefined } },
    loadConfig({ PORT: '0', HUILIU_MASTER_KEY: KEY, RATE_LIMITS: 'off' }),
  );
let service: RunningService;

beforeAll(async () => {
  service = await start();
});
afterAll(() => service.stop());
beforeEach(() => {
  closes = [];
});

const HEAD =
  'host: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';

/** What is answered to raw bytes until the other side closes. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(service.port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

/** A socket on which the handshake is done, for frames of our own making. */
function opened(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(service.port, '127.0.0.1', () => socket.write(`GET ${path} HTTP/1.1\r\n${HEAD}`));
    socket.once('data', () => resolve(socket));
    socket.on('error', reject);
  });
}

const bodyOf = (text: string): unknown => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4));

test('hands the match and the frames over, again and again', async () => {
  for (const name of ['a', 'b', 'c']) {
    const socket = new WebSocket(`${service.url.replace('http', 'ws')}/echo/${name}`);
    const first = await new Promise((resolve) =>
      socket.once('message', (data) => resolve((data as Buffer).toString())),
    );
    expect(first).toBe(name);
    socket.terminate();
  }
});

test.each([
  ['an unknown path', `GET /nothing HTTP/1.1\r\n${HEAD}`, 404, 'not_found'],
  ['dot segments', `GET /x/../echo/a HTTP/1.1\r\n${HEAD}`, 400, 'bad_path'],
  ['two slashes', `GET //echo/a HTTP/1.1\r\n${HEAD}`, 400, 'bad_path'],
  ['another host in the path', `GET http://x/echo/a HTTP/1.1\r\n${HEAD}`, 400, 'bad_path'],
  ['an encoded letter', `GET /%65cho/a HTTP/1.1\r\n${HEAD}`, 404, 'not_found'],
  ['another method', `POST /echo/a HTTP/1.1\r\n${HEAD}`, 405, 'method_not_allowed'],
  [
    'another protocol',
    'GET /echo/a HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n',
    426,
    'upgrade_required',
  ],
  [
    'no key',
    'GET /echo/a HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\r\n',
    400,
    'bad_upgrade',
  ],
  ['another version', `GET /echo/a HTTP/1.1\r\n${HEAD.replace('version: 13', 'version: 99')}`, 400, 'bad_upgrade'],
  ['what a handler refuses', `GET /forbidden HTTP/1.1\r\n${HEAD}`, 403, 'forbidden'],
  ['a handler that fails', `GET /boom HTTP/1.1\r\n${HEAD}`, 500, 'internal'],
])('%s is refused in the error shape', async (_name, bytes, status, code) => {
  const text = await raw(bytes);
  expect(Number(text.slice(9, 12))).toBe(status);
  expect(bodyOf(text)).toEqual({ error: { code, message: expect.any(String) } });
  expect(text).not.toContain('private');
});

test('a plain request to such a path is told to upgrade', async () => {
  const answer = await fetch(`${service.url}/echo/a`);
  expect([answer.status, answer.headers.get('upgrade')]).toEqual([426, 'websocket']);
});

test.each([
  ['without a mask', Buffer.from([0x81, 0x01, 0x41]), 1002],
  ['with reserved bits', Buffer.from([0xf1, 0x81, 0, 0, 0, 0, 0x41]), 1002],
  ['with an unknown opcode', Buffer.from([0x83, 0x81, 0, 0, 0, 0, 0x41]), 1002],
  ['with invalid UTF-8', Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]), 1007],
  ['announced as huge', Buffer.from([0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]), 1009],
  ['just over 64 KiB', Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]), 1009],
  ['a lone continuation', Buffer.from([0x80, 0x81, 0, 0, 0, 0, 0x41]), 1002],
  ['a long ping', Buffer.from([0x89, 0xfe, 0, 126, 0, 0, 0, 0]), 1002],
])('a frame %s closes that socket and nothing else', async (_name, frame, code) => {
  const socket = await opened('/echo/broken');
  const end = new Promise<Buffer>((resolve) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('close', () => resolve(Buffer.concat(chunks)));
    socket.on('end', () => socket.end());
  });
  socket.write(frame);
  const bytes = await end;
  const close = bytes.indexOf(0x88);
  expect(bytes.readUInt16BE(close + 2)).toBe(code);
  expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
});

test('a peer that vanishes takes nothing down with it', async () => {
  const gone = new Promise<void>((resolve) => (closed = resolve));
  const socket = await opened('/echo/vanishing');
  socket.write(Buffer.from([0x81]));
  socket.resetAndDestroy();
  await gone;
  expect(closes).toEqual([{ path: '/echo/vanishing', code: 1006 }]);
  expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
});

test('requests and handshakes count against the limit of the address, probes do not', async () => {
  const limits = service.app.get(RateLimits);
  const take = jest.spyOn(limits, 'take').mockReturnValue(7);
  try {
    const answer = await fetch(`${service.url}/nothing`);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '7']);
    expect(await raw(`GET /echo/a HTTP/1.1\r\n${HEAD}`)).toMatch(/^HTTP\/1\.1 429 [^]*retry-after: 7/);
    expect(take.mock.calls).toEqual(
      Array(2).fill(['address', '127.0.0.1', expect.objectContaining({ perMinute: 600, burst: 600 })]),
    );
    for (const path of ['/healthz', '/readyz', '/metrics', '/webhooks/x/y', '/internal/x'])
      expect((await fetch(`${service.url}${path}`)).status).not.toBe(429);
  } finally {
    take.mockRestore();
  }
});
