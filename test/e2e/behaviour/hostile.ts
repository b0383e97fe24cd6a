import { connect } from 'node:net';
import { call, isErrorBody, socketUrl, type Answer, type FrameSocket } from '@huiliu/testing';
import WebSocket from 'ws';
import { assignedTo, type Stage } from '../stage';
import { messageFrame } from './frames';

const DEEP = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
const DEEP_OBJECT = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`;

/** Bodies that no JSON edge may choke on: what they are, the bytes, and the content type that they claim. */
const BODIES: [string, string | Uint8Array, string?][] = [
  ['nothing', ''],
  ['truncated JSON', '{"clientId":"x","content":{"kind":"te'],
  ['not JSON', 'hello'],
  ['null', 'null'],
  ['an array', '[]'],
  ['a number', '1e999'],
  ['wrong types', '{"clientId":1,"content":[],"username":{},"password":[]}'],
  ['a NUL in text', '{"clientId":"x","content":{"kind":"text","text":"a\\u0000b"}}'],
  ['an unpaired surrogate', '{"clientId":"x","content":{"kind":"text","text":"\\ud800"}}'],
  ['invalid UTF-8', new Uint8Array([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc3, 0x28, 0x22, 0x7d])],
  ['10,000 arrays deep', DEEP],
  ['10,000 objects deep', DEEP_OBJECT],
  ['a prototype key', '{"__proto__":{"admin":true},"clientId":"x","content":{"kind":"text","text":"x"}}'],
  [
    'a constructor key',
    '{"constructor":{"prototype":{"admin":true}},"clientId":"x","content":{"kind":"text","text":"x"}}',
  ],
  [
    'more than a mebibyte',
    JSON.stringify({ clientId: 'x', content: { kind: 'text', text: 'x'.repeat(2 * 1024 * 1024) } }),
  ],
  ['too long a text', JSON.stringify({ clientId: 'x', content: { kind: 'text', text: '字'.repeat(20_001) } })],
  ['an unknown kind', '{"clientId":"x","content":{"kind":"hologram","text":"x"}}'],
  ['another content type', '<a/>', 'application/xml'],
  ['no content type worth the name', '{}', 'x'],
  ['a form', 'a=b', 'application/x-www-form-urlencoded'],
];

const PATHS = [
  '/api/v1/conversations/..%2f..%2fetc%2fpasswd',
  '/api/v1/conversations/%00',
  '/api/v1/conversations/%',
  '/api/v1/conversations/%c3%28',
  `/api/v1/conversations/${'A'.repeat(5000)}`,
  "/api/v1/conversations/' OR 1=1 --",
  '/api/v1/conversations?cursor=%00&limit=-1',
  '/api/v1/conversations?cursor=not-a-cursor',
  '/api/v1/conversations?status=open&status=resolved',
  '/api/v1/conversations/__proto__',
  '/api/v1/conversations/constructor/messages',
  '/api/v1/nowhere',
  '/api/v2/conversations',
  '/api/v1/attachments/..%2f..%2fhuiliu.sqlite',
  '/webchat/..%2f..%2f/session',
  '/webchat/01ARZ3NDEKTSV4RRFFQ69G5FAV/messages',
  '/webchat/x/widget.js',
  '/webhooks/webchat/01ARZ3NDEKTSV4RRFFQ69G5FAV',
  '/webhooks/__proto__/x',
  '/sandbox/..%2f..%2fpackage.json',
  '/internal/visitor/messages',
];

/** An answer that a hostile request may get: the client's fault, in the one shape of errors. */
function expectRefused(what: string, answer: Answer): void {
  expect([what, answer.status >= 400 && answer.status < 500, isErrorBody(answer.body)]).toEqual([what, true, true]);
}

/** Sends bytes as they are and answers the status line's status, or 0 when the connection was just closed. */
function rawRequest(baseUrl: string, bytes: string | Uint8Array): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.end(bytes));
    const chunks: Buffer[] = [];
    socket.setTimeout(15_000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve({ status: 0, text: '' }) : reject(error),
    );
    socket.on('close', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text });
    });
  });
}

/** Every edge answers nonsense with the one shape of errors, and nobody beside it notices. */
export function hostile(stage: () => Stage): void {
  describe('hostile input', () => {
    it.each([
      '/api/v1/auth/login',
      '/webchat/{account}/session',
      '/webchat/{account}/messages',
      '/api/v1/conversations/{conversation}/messages',
      '/api/v1/agents',
    ])('as a body of POST %s is refused in the one shape of errors', async (template) => {
      const { account, agent } = await stage().desk();
      const visitor = await stage().visitor(account);
      await visitor.say('在');
      await assignedTo(agent, visitor.conversationId);
      const path = template.replace('{account}', account.id).replace('{conversation}', visitor.conversationId);
      const token = template.includes('/webchat/')
        ? visitor.token
        : template.endsWith('/agents')
          ? stage().admin.token
          : agent.token;
      for (const [what, raw, type = 'application/json'] of BODIES) {
        // A session asks for nothing in particular, and may say so.
        if (template.endsWith('/session') && (what === 'nothing' || what === 'null')) continue;
        const answer = await call(stage().baseUrl, 'POST', path, { token, raw, headers: { 'content-type': type } });
        expectRefused(`${what}: ${answer.status} ${answer.text.slice(0, 120)}`, answer);
      }
      expect(({} as { admin?: boolean }).admin).toBeUndefined();
      expect(
        (await agent.messages(visitor.conversationId)).filter((message) => message.direction !== 'system'),
      ).toHaveLength(1);
    });

    it.each(PATHS.map((path) => [path.slice(0, 60), path]))(
      'as the path %s is refused in the one shape of errors',
      async (_name, path) => {
        const { token } = stage().admin;
        for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
          const answer = await call(stage().baseUrl, method, path, {
            token,
            ...(method === 'GET' ? {} : { json: {} }),
          });
          expectRefused(`${method} ${path.slice(0, 80)}: ${answer.status} ${answer.text.slice(0, 120)}`, answer);
        }
      },
    );

    it('as raw bytes on the wire is refused or cut', async () => {
      const { baseUrl } = stage();
      const head = (length: string, rest = ''): string =>
        `POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${length}\r\nConnection: close\r\n\r\n${rest}`;
      const requests: [string, string | Uint8Array][] = [
        ['no HTTP', 'hello\r\n\r\n'],
        ['random bytes', new Uint8Array(Array.from({ length: 400 }, (_, i) => (i * 73) % 256))],
        ['a length that is no number', head('Content-Length: abc', '{}')],
        ['two lengths', head('Content-Length: 2\r\nContent-Length: 3', '{}')],
        ['a length and chunks', head('Content-Length: 2\r\nTransfer-Encoding: chunked', '0\r\n\r\n')],
        ['a broken chunk', head('Transfer-Encoding: chunked', 'zz\r\n{}\r\n')],
        ['huge headers', `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`],
        ['a body announced as a gigabyte', head('Content-Length: 1073741824', '{}')],
        ['a body cut off', head('Content-Length: 100', '{"username":')],
        ['an unknown method', 'BREW /api/v1/conversations HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
      ];
      for (const [what, bytes] of requests) {
        const { status, text } = await rawRequest(baseUrl, bytes);
        expect([what, status === 0 || (status >= 400 && status < 500)]).toEqual([what, true]);
        if (status !== 0)
          expect([
            what,
            isErrorBody(
              JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4).replace(/^[0-9a-f]+\r\n|\r\n0\r\n\r\n$/g, '')),
            ),
          ]).toEqual([what, true]);
      }
    });

    it('as an upload is refused in the one shape of errors', async () => {
      const { agent } = await stage().desk();
      const large = new FormData();
      large.append('file', new Blob([new Uint8Array(21 * 1024 * 1024)]), 'large.bin');
      const tooLarge = await agent.call('POST', '/attachments', { raw: large }).catch(() => null);
      // The connection may be cut once the limit is passed, and then no answer is read.
      if (tooLarge !== null) expect([tooLarge.status, isErrorBody(tooLarge.body)]).toEqual([413, true]);
      const wrongField = new FormData();
      wrongField.append('other', new Blob(['x']), 'x.txt');
      expectRefused('another field', await agent.call('POST', '/attachments', { raw: wrongField }));
      const twisted = new FormData();
      twisted.append('file', new Blob(['x']), '../../../etc/pass\u0000wd');
      const stored = await agent.call<{ name: string }>('POST', '/attachments', { raw: twisted });
      if (stored.status < 300) expect(stored.body.name).not.toMatch(/[/\\]/);
      else expectRefused('a name with a path', stored);
      const broken = await agent.call('POST', '/attachments', {
        raw: '--x\r\nContent-Disposition: form',
        headers: { 'content-type': 'multipart/form-data; boundary=x' },
      });
      expectRefused('a form cut off', broken);
      expectRefused(
        'a form without boundary',
        await agent.call('POST', '/attachments', { raw: 'x', headers: { 'content-type': 'multipart/form-data' } }),
      );
      expectRefused('no form', await agent.call('POST', '/attachments', { json: {} }));
    });

    it('on a socket gets `error` or the close that names it, and the neighbours stay', async () => {
      const { account, agent } = await stage().desk();
      const visitor = await stage().visitor(account);
      const [screen, page] = await Promise.all([agent.connect(), visitor.connect()]);
      const frames = [
        '',
        'hello',
        '[]',
        'null',
        '{}',
        '{"type":"resume"}',
        '{"type":"resume","seq":1}',
        '{"type":"nothing"}',
        '{"type":"__proto__"}',
        '{"type":"typing","conversationId":"../x"}',
        DEEP,
        '{"type":"ping","__proto__":{"a":1}}',
      ];
      const bytes = Buffer.from([0, 255, 254]);
      const sends: ((socket: FrameSocket) => void)[] = [
        ...frames.map((frame) => (socket: FrameSocket) => socket.send(frame)),
        (socket) => socket.socket.send(bytes),
        (socket) => socket.socket.send(Buffer.from([0xc3, 0x28]), { binary: false }),
        (socket) => socket.socket.send('x'.repeat(100_000)),
        // Frames that no client makes: reserved bits, an unmasked frame, an unknown opcode.
        (socket) => void raw(socket).write(Buffer.from([0xf1, 0x80, 0, 0, 0, 0])),
        (socket) => void raw(socket).write(Buffer.from([0x81, 0x01, 0x61])),
        (socket) => void raw(socket).write(Buffer.from([0x8b, 0x80, 0, 0, 0, 0])),
      ];
      for (const open of [() => agent.connect(), () => visitor.connect()]) {
        for (const send of sends) {
          const socket = await open();
          socket.frames.length = 0;
          send(socket);
          const outcome = await Promise.race([
            socket.next('error').then(() => 'error'),
            socket.closed.then(({ code }) => `closed ${code}`),
          ]);
          expect(outcome).toMatch(/^(error|closed (1002|1003|1006|1007|1009))$/);
          await socket.cut();
        }
      }
      await visitor.say('邻居还在吗');
      await Promise.all([
        screen.waitFor('the neighbour', messageFrame('邻居还在吗')),
        page.waitFor('the page', messageFrame('邻居还在吗')),
      ]);
      await Promise.all([screen.close(), page.close()]);
    });

    it('as the opening of a socket is refused with the one shape of errors', async () => {
      const { account } = await stage().desk();
      const { baseUrl } = stage();
      for (const path of [
        '/ws',
        '/ws?ticket=',
        '/ws?ticket=x',
        '/ws?ticket=%00',
        `/webchat/${account.id}/ws`,
        `/webchat/${account.id}/ws?token=x.y.z`,
        '/webchat/x/ws?token=x',
        '/nowhere',
        '/ws/..',
      ]) {
        const refusal = await new Promise<{ status: number; body: string }>((resolve, reject) => {
          const socket = new WebSocket(socketUrl(baseUrl, path));
          socket.once('open', () => reject(new Error(`${path} was let in`)));
          socket.once('error', () => undefined);
          socket.once('unexpected-response', (_request, response) => {
            let body = '';
            response.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
            response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
          });
        });
        expect([path, refusal.status >= 400 && refusal.status < 500, isErrorBody(JSON.parse(refusal.body))]).toEqual([
          path,
          true,
          true,
        ]);
      }
    });

    it('leaves the system well', async () => {
      expect((await call(stage().baseUrl, 'GET', '/readyz')).status).toBe(200);
      const { account, agent } = await stage().desk();
      const visitor = await stage().visitor(account);
      await visitor.say('一切正常');
      await assignedTo(agent, visitor.conversationId, agent.me.id);
      expect((await agent.reply(visitor.conversationId, '是的')).status).toBe(201);
    });
  });
}

/** The TCP socket under a WebSocket. */
function raw(socket: FrameSocket): import('node:net').Socket {
  return (socket.socket as unknown as { _socket: import('node:net').Socket })._socket;
}
