import { ChannelInboundEvent } from '@huiliu/contracts';
import { messageIdOf, newId } from '@huiliu/platform';
import { call, eventually, FrameSocket, isErrorBody, socketUrl, type VisitorClient } from '@huiliu/testing';
import { hashOf, SECRET, WebchatApp } from './testing/webchat-app';

jest.setTimeout(30_000);

const text = (words: string) => ({ kind: 'text' as const, text: words });
const OUTBOUND = {
  direction: 'outbound' as const,
  author: { type: 'agent' as const, id: newId(), name: '林' },
  state: 'sent' as const,
};

describe('the website visitor', () => {
  let app: WebchatApp;
  let accountId: string;

  beforeAll(async () => {
    app = await WebchatApp.start();
    accountId = await app.account({ identitySecret: SECRET });
  });
  afterAll(() => app.stop());

  const session = (json: unknown, headers: Record<string, string> = {}) =>
    call<Record<string, string>>(app.url, 'POST', `/webchat/${accountId}/session`, { json, headers });

  describe('sessions', () => {
    it('an unknown visitor is a new one each time, and the same one with the token', async () => {
      const [first, second] = [await session({}), await session({})];
      expect([first.status, second.status]).toEqual([201, 201]);
      expect(first.body.visitorId).not.toBe(second.body.visitorId);
      const again = await session({ token: first.body.token });
      expect(again.status).toBe(200);
      expect(again.body).toMatchObject({ visitorId: first.body.visitorId, conversationId: first.body.conversationId });
    });

    it('a token that does not hold is as good as none', async () => {
      const { body } = await session({});
      const [payload, mac] = (body.token as string).split('.') as [string, string];
      const forged = Buffer.from(
        JSON.stringify({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), visitorId: newId() }),
      ).toString('base64url');
      const other = await app.account();
      const elsewhere = await app.visitor(other);
      for (const token of [`${forged}.${mac}`, payload, 'x', '', elsewhere.token]) {
        const answer = await session({ token });
        expect(answer.status).toBe(201);
        expect(answer.body.conversationId).not.toBe(body.conversationId);
        expect(answer.body.conversationId).not.toBe(elsewhere.conversationId);
      }
    });

    it('an identity is the same visitor on any device, apart from what was anonymous', async () => {
      const anonymous = await session({});
      const identity = { id: 'customer-42', name: '王小姐', hash: hashOf('customer-42') };
      const one = await session({ identity, token: anonymous.body.token });
      const two = await session({ identity });
      expect(two.body).toMatchObject({ visitorId: one.body.visitorId, conversationId: one.body.conversationId });
      expect(one.body.conversationId).not.toBe(anonymous.body.conversationId);
      const other = await app.account({ identitySecret: SECRET });
      expect((await app.visitor(other, { identity })).conversationId).not.toBe(one.body.conversationId);
    });

    it.each([
      ['another hash', hashOf('customer-43')],
      ['capital letters', hashOf('customer-42').toUpperCase()],
      ['another secret', hashOf('customer-42', 'guess')],
      ['cut', hashOf('customer-42').slice(0, -1)],
      ['padded', `${hashOf('customer-42')} `],
      ['empty', ''],
    ])('an identity without its proof is refused: %s', async (_what, hash) => {
      const answer = await session({ identity: { id: 'customer-42', hash } });
      expect(answer.status).toBe(403);
      expect(isErrorBody(answer.body)).toBe(true);
    });

    it('where there is no secret nobody is vouched for', async () => {
      const bare = await app.account();
      const answer = await call(app.url, 'POST', `/webchat/${bare}/session`, {
        json: { identity: { id: 'x', hash: hashOf('x', '') } },
      });
      expect(answer.status).toBe(403);
    });

    it.each([
      [{ identity: 'x' }],
      [{ identity: { id: 5, hash: 'x' } }],
      [{ token: {} }],
      [[]],
      [{ unknown: 1 }],
      [{ identity: { id: '', hash: 'x' } }],
      ['x'],
    ])('refuses %j', async (json) => {
      const answer = await session(json);
      expect(answer.status).toBe(400);
      expect(isErrorBody(answer.body)).toBe(true);
    });

    it('an unknown account is 404', async () => {
      for (const id of [newId(), 'x', '%00'])
        expect((await call(app.url, 'POST', `/webchat/${id}/session`, { json: {} })).status).toBe(404);
    });
  });

  describe('messages', () => {
    it('are accepted once durable, under an id that the clientId gives', async () => {
      const visitor = await app.visitor(accountId);
      const first = await visitor.post('你好', 'c-1');
      const again = await visitor.post('你好', 'c-1');
      expect(first.status).toBe(202);
      expect(first.body).toEqual({
        id: messageIdOf(visitor.conversationId, 'inbound', 'c-1'),
        clientId: 'c-1',
        acceptedAt: expect.stringMatching(/Z$/),
      });
      expect(again.status).toBe(202);
      expect(again.body).toMatchObject({ id: first.body.id, clientId: 'c-1' });
      const event = await eventually('the event', () =>
        app.inbound.find((one) => one.type === 'message.received' && one.data.messageId === first.body.id),
      );
      expect(event).toMatchObject({
        key: `${accountId}:${visitor.conversationId}`,
        data: {
          accountId,
          channel: 'webchat',
          conversationId: visitor.conversationId,
          remoteConversationId: visitor.conversationId,
          contact: { remoteId: visitor.session.visitorId, contactId: visitor.session.visitorId, verified: false },
          direction: 'inbound',
          clientId: 'c-1',
          content: text('你好'),
        },
      });
      expect(app.inbox.asked).toEqual([]);
    });

    it('of an identity say who is vouched for', async () => {
      const visitor = await app.visitor(accountId, { identity: { id: 'u-7', name: '王小姐', hash: hashOf('u-7') } });
      const { id } = await visitor.say('hi');
      const event = await eventually('the event', () =>
        app.inbound.find((one) => one.type === 'message.received' && one.data.messageId === id),
      );
      expect(event.data.contact).toEqual({
        remoteId: 'u-7',
        contactId: visitor.session.visitorId,
        name: '王小姐',
        verified: true,
      });
    });

    it.each([
      [{ kind: 'link', title: '鞋', url: 'https://shop.example/1' }, '鞋 https://shop.example/1'],
      [{ kind: 'link', title: '鞋', url: 'https://shop.example/1', text: '看' }, '看'],
      [{ kind: 'location', latitude: 31.2, longitude: 121.5 }, '31.2, 121.5'],
      [{ kind: 'location', latitude: 31.2, longitude: 121.5, name: '外滩' }, '外滩'],
    ])('carry their plain rendering: %j', async (content, plain) => {
      const visitor = await app.visitor(accountId);
      const { body } = await app.post(visitor, { clientId: 'c', content });
      const event = await eventually('the event', () =>
        app.inbound.find(
          (one) => one.type === 'message.received' && one.data.messageId === (body as { id: string }).id,
        ),
      );
      expect(event.data).toMatchObject({ content: { ...content, text: plain } });
    });

    it('are published as the contract reads them, in the trace in which they came', async () => {
      const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
      for (const request of [{}, { identity: { id: 'u-8', hash: hashOf('u-8') } }]) {
        const visitor = await app.visitor(accountId, request);
        const { body } = await app.post(visitor, { clientId: 'c', content: text('hi') }, { traceparent });
        const event = await eventually('the event', () =>
          app.inbound.find(
            (one) => one.type === 'message.received' && one.data.messageId === (body as { id: string }).id,
          ),
        );
        expect(event.traceparent).toBe(traceparent);
        expect(event).toEqual(ChannelInboundEvent.parse(event));
        expect(event.data.contact).not.toHaveProperty('name');
      }
    });

    it('need a token of this account', async () => {
      const visitor = await app.visitor(accountId);
      const other = await app.account();
      const message = { clientId: 'c', content: text('x') };
      for (const token of ['', 'x', `${visitor.token}x`, visitor.token.split('.')[0] as string])
        expect((await app.post({ accountId, token }, message)).status).toBe(401);
      expect((await app.post({ accountId: other, token: visitor.token }, message)).status).toBe(401);
      expect(
        (await call(app.url, 'POST', `/webchat/${accountId}/messages?token=${visitor.token}`, { json: message }))
          .status,
      ).toBe(401);
    });

    it.each([
      [{}],
      [{ clientId: 'c' }],
      [{ clientId: '', content: text('x') }],
      [{ clientId: 'a b', content: text('x') }],
      [{ clientId: 'x'.repeat(65), content: text('x') }],
      [{ clientId: 5, content: text('x') }],
      [{ clientId: { $gt: '' }, content: text('x') }],
      [{ clientId: 'c', content: text('  ') }],
      [{ clientId: 'c', content: text('x'.repeat(20_001)) }],
      [{ clientId: 'c', content: text('a\u0000b') }],
      [{ clientId: 'c', content: text('\ud800') }],
      [{ clientId: 'c', content: { kind: 'email', subject: 'x', html: '<b>', text: 'x' } }],
      [{ clientId: 'c', content: { kind: 'event', text: 'x' } }],
      [{ clientId: 'c', content: { kind: 'link', title: 'x', url: 'javascript:alert(1)' } }],
      [{ clientId: 'c', content: { kind: 'image', attachment: { id: newId() } } }],
      [{ clientId: 'c', content: { kind: 'image' } }],
      [{ clientId: 'c', content: text('x'), conversationId: newId() }],
      [{ clientId: 'c', content: { ...text('x'), author: 'agent' } }],
      [null],
    ])('refuses %j', async (json) => {
      const visitor = await app.visitor(accountId);
      const before = app.inbound.length;
      const answer = await app.post(visitor, json);
      expect(answer.status).toBe(400);
      expect(isErrorBody(answer.body)).toBe(true);
      expect(app.inbound.length).toBe(before);
    });

    it('malformed, oversized and foreign bodies have their status', async () => {
      const visitor = await app.visitor(accountId);
      const send = (raw: string | Uint8Array, type = 'application/json') =>
        call(app.url, 'POST', `/webchat/${accountId}/messages`, {
          token: visitor.token,
          raw,
          headers: { 'content-type': type },
        });
      const statuses = await Promise.all([
        send('{'),
        send('{"clientId":"c","content":{"kind":"text","text":"x","__proto__":{}}}'),
        send(Buffer.from([0x7b, 0xff])),
        send('x', 'text/plain'),
        send('x'.repeat(2_000_000)),
      ]);
      expect(statuses.map((answer) => answer.status)).toEqual([400, 400, 400, 415, 413]);
      expect((await call(app.url, 'PUT', `/webchat/${accountId}/messages`)).status).toBe(405);
      expect((await call(app.url, 'GET', `/webchat/${accountId}/nothing`)).status).toBe(404);
    });

    it('are limited: a burst of twenty, then one a second', async () => {
      const visitor = await app.visitor(accountId);
      const answers = await Promise.all(Array.from({ length: 25 }, (_, n) => visitor.post('x', `burst-${n}`)));
      const refused = answers.filter((answer) => answer.status === 429);
      expect(answers.filter((answer) => answer.status === 202).length).toBe(25 - refused.length);
      expect(refused.length).toBeGreaterThanOrEqual(4);
      expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(isErrorBody(refused[0]?.body)).toBe(true);
      expect((await (await app.visitor(accountId)).post('x')).status).toBe(202);
    });

    it('are read again from the inbox, and 503 while it does not answer', async () => {
      const visitor = await app.visitor(accountId);
      const list = (query: string) =>
        call(app.url, 'GET', `/webchat/${accountId}/messages${query}`, { token: visitor.token });
      app.inbox.messages = { items: [], nextCursor: null };
      expect((await list('?after=0')).body).toEqual({ items: [], nextCursor: null });
      expect(app.inbox.asked.at(-1)).toBe(
        `GET /internal/visitor/messages?accountId=${accountId}&conversationId=${visitor.conversationId}&after=0`,
      );
      for (const query of ['?after=-1', '?after=x', '?after=1.5', '?after=1&after=2'])
        expect((await list(query)).status).toBe(400);
      app.inbox.down = true;
      try {
        const answer = await list('');
        expect(answer.status).toBe(503);
        expect(answer.headers.get('retry-after')).not.toBeNull();
        expect((await visitor.post('still accepted')).status).toBe(202);
      } finally {
        app.inbox.down = false;
      }
    });
  });

  describe('attachments', () => {
    const upload = (visitor: VisitorClient, bytes: Uint8Array, name = '图片.png') => {
      const form = new FormData();
      form.append('file', new Blob([bytes], { type: 'image/png' }), name);
      return call<Record<string, string>>(app.url, 'POST', `/webchat/${accountId}/attachments`, {
        token: visitor.token,
        raw: form,
      });
    };

    it('go to the inbox and come back to those who may see them', async () => {
      const visitor = await app.visitor(accountId);
      const bytes = Buffer.alloc(300_000, 7);
      const added = await upload(visitor, bytes);
      expect(added.status).toBe(201);
      expect(added.body).toMatchObject({
        name: '图片.png',
        size: 300_000,
        url: `/webchat/${accountId}/attachments/${added.body.id}`,
      });
      expect(app.inbox.files.get(added.body.id as string)?.bytes.equals(bytes)).toBe(true);

      const posted = await app.post(visitor, {
        clientId: 'with-file',
        content: { kind: 'image', attachment: { id: added.body.id } },
      });
      expect(posted.status).toBe(202);
      const id = (posted.body as { id: string }).id;
      const event = await eventually('the event', () =>
        app.inbound.find((one) => one.type === 'message.received' && one.data.messageId === id),
      );
      expect(event.data).toMatchObject({
        content: {
          kind: 'image',
          attachment: { id: added.body.id, size: 300_000, url: `/api/v1/attachments/${added.body.id}` },
        },
      });

      const path = `/webchat/${accountId}/attachments/${added.body.id}`;
      const read = await fetch(`${app.url}${path}?token=${visitor.token}`);
      expect(read.status).toBe(200);
      expect(Buffer.from(await read.arrayBuffer()).equals(bytes)).toBe(true);
      expect(read.headers.get('x-secret')).toBeNull();
      expect(read.headers.get('x-content-type-options')).toBe('nosniff');
      expect((await call(app.url, 'GET', path)).status).toBe(401);

      const stranger = await app.visitor(accountId);
      expect((await call(app.url, 'GET', path, { token: stranger.token })).status).toBe(404);
      expect(
        (await app.post(stranger, { clientId: 'c', content: { kind: 'image', attachment: { id: added.body.id } } }))
          .status,
      ).toBe(400);
    });

    it('refuses what is no file, too large, or while the inbox is down', async () => {
      const visitor = await app.visitor(accountId);
      const wrong = new FormData();
      wrong.append('other', new Blob(['x']), 'x');
      const at = `/webchat/${accountId}/attachments`;
      expect((await call(app.url, 'POST', at, { token: visitor.token, raw: wrong })).status).toBe(400);
      expect((await call(app.url, 'POST', at, { token: visitor.token, json: {} })).status).toBe(415);
      expect((await call(app.url, 'POST', at, { token: 'x', raw: wrong })).status).toBe(401);
      for (const size of [20 * 1024 * 1024 + 1, 20 * 1024 * 1024 + 2, 21 * 1024 * 1024])
        expect([size, (await upload(visitor, Buffer.alloc(size))).status]).toEqual([size, 413]);
      app.inbox.down = true;
      try {
        expect((await upload(visitor, Buffer.alloc(10))).status).toBe(503);
        expect((await call(app.url, 'GET', `${at}/${newId()}`, { token: visitor.token })).status).toBe(503);
      } finally {
        app.inbox.down = false;
      }
    });
  });

  describe('origins', () => {
    it('pages of other websites are refused before anything is looked at', async () => {
      const shop = await app.account({ allowedOrigins: ['https://shop.example'] });
      const ask = (origin: string | null, method = 'POST', path = 'session') =>
        call(app.url, method, `/webchat/${shop}/${path}`, {
          ...(method === 'POST' ? { json: {} } : {}),
          headers: origin === null ? {} : { origin },
        });
      const allowed = await ask('https://shop.example');
      expect([allowed.status, allowed.headers.get('access-control-allow-origin'), allowed.headers.get('vary')]).toEqual(
        [201, 'https://shop.example', 'origin'],
      );
      expect((await ask(null)).status).toBe(201);
      for (const origin of ['https://evil.example', 'null', 'http://shop.example']) {
        for (const path of ['session', 'messages', 'attachments']) {
          const answer = await ask(origin, 'POST', path);
          expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([403, null]);
        }
        expect((await ask(origin, 'OPTIONS')).status).toBe(403);
      }
      const preflight = await ask('https://shop.example', 'OPTIONS', 'attachments/x');
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
      // A page reads what is refused as well.
      expect((await ask('https://shop.example', 'POST', 'messages')).headers.get('access-control-allow-origin')).toBe(
        'https://shop.example',
      );
      const large = await call(app.url, 'POST', `/webchat/${shop}/messages`, {
        raw: 'x'.repeat(2_000_000),
        headers: { origin: 'https://shop.example', 'content-type': 'application/json' },
      });
      expect([large.status, large.headers.get('access-control-allow-origin')]).toEqual([413, 'https://shop.example']);
      expect((await call(app.url, 'OPTIONS', `/webchat/${newId()}/session`)).status).toBe(404);
    });

    it('an empty list admits our own page alone', async () => {
      expect((await session({}, { origin: app.url })).status).toBe(201);
      expect((await session({}, { origin: 'https://shop.example' })).status).toBe(403);
      // Another writing of the same path is the same route.
      expect(
        (
          await call(app.url, 'POST', `/%77ebchat/${accountId}/session`, {
            json: {},
            headers: { origin: 'https://evil.example' },
          })
        ).status,
      ).toBe(403);
    });

    it('sockets too', async () => {
      const visitor = await app.visitor(accountId);
      for (const origin of ['https://evil.example', 'null'])
        await expect(visitor.connect({ origin })).rejects.toMatchObject({ status: 403 });
      await (await visitor.connect({ origin: app.url })).close();
    });
  });

  describe('the feed', () => {
    it('shows what is public, in the visitor’s shape, and nothing else', async () => {
      const visitor = await app.visitor(accountId);
      const stranger = await app.visitor(accountId);
      const socket = await visitor.connect();
      expect(socket.frames[0]).toMatchObject({
        type: 'hello',
        seq: expect.any(String),
        data: { conversationId: visitor.conversationId },
      });
      await app.fact(visitor, { ...OUTBOUND, content: text('secret note') }, false);
      await app.fact(visitor, { direction: 'note', content: text('a note') }, true);
      await app.fact(stranger, { ...OUTBOUND, content: text('not yours') });
      const answer = await app.fact(visitor, {
        ...OUTBOUND,
        seq: 4,
        remoteIds: ['r'],
        error: null,
        content: text('您好'),
      });
      const frame = await socket.next('message.created');
      expect(frame).toEqual({
        seq: expect.any(String),
        type: 'message.created',
        data: {
          id: answer.id,
          conversationId: visitor.conversationId,
          seq: 4,
          direction: 'outbound',
          author: { type: 'agent', name: '林' },
          content: text('您好'),
          state: 'sent',
          clientId: null,
          recalledAt: null,
          createdAt: answer.createdAt,
        },
      });
      await socket.roundTrip();
      expect(socket.frames.map((one) => one.type)).toEqual(['hello', 'message.created', 'pong']);
      await socket.close();
    });

    it('shows a page that comes back what it shows a page that is open, however much was said since', async () => {
      const visitor = await app.visitor(accountId);
      const stranger = await app.visitor(accountId);
      const open = await visitor.connect();
      await app.fact(visitor, { ...OUTBOUND, seq: 1, remoteIds: ['r'], content: text('早上好') });
      await app.fact(visitor, { ...OUTBOUND, seq: 2, content: text('secret note') }, false);
      await app.fact(visitor, { direction: 'note', seq: 3, content: text('a note') });
      await app.fact(visitor, { ...OUTBOUND, seq: 1, content: text('早上好'), state: 'read' }, true, 'message.updated');
      const seen = [await open.next('message.created'), await open.next('message.updated')];
      await Promise.all(Array.from({ length: 1_500 }, () => app.fact(stranger, { content: text('not yours') })));
      const back = await visitor.connect();
      back.send({ type: 'resume', seq: open.frames[0]?.seq as string });
      await back.roundTrip();
      expect(back.frames.slice(1, -1)).toEqual(seen);
      await open.close();
      await back.close();
    });

    it('resumes without gap or double, and says reload where it cannot', async () => {
      const visitor = await app.visitor(accountId);
      const first = await visitor.connect();
      for (const n of [1, 2, 3]) await app.fact(visitor, { ...OUTBOUND, seq: n, content: text(`m${n}`) });
      await first.waitFor('m3', (frame) => JSON.stringify(frame.data).includes('m3'));
      const afterFirst = first.frames[1]?.seq as string;
      await first.cut();
      await app.fact(visitor, { ...OUTBOUND, seq: 4, content: text('m4') });
      const second = await visitor.connect();
      second.send({ type: 'resume', seq: afterFirst });
      await second.waitFor('m4', (frame) => JSON.stringify(frame.data).includes('m4'));
      await app.fact(visitor, { ...OUTBOUND, seq: 5, content: text('m5') });
      await second.waitFor('m5', (frame) => JSON.stringify(frame.data).includes('m5'));
      expect(second.frames.slice(1).map((frame) => (frame.data as { seq: number }).seq)).toEqual([2, 3, 4, 5]);
      second.send({ type: 'resume', seq: 'bm9uc2Vuc2U' });
      const reload = await second.next('reload');
      expect(reload.seq).toEqual(expect.any(String));
      await second.close();
    });

    it('tells what was delivered and read', async () => {
      const visitor = await app.visitor(accountId);
      const socket = await visitor.connect();
      const one = await app.fact(visitor, { ...OUTBOUND, content: text('one') });
      const two = await app.fact(visitor, { ...OUTBOUND, seq: 2, content: text('two') });
      const states = (id: string) =>
        app.receipts.filter((receipt) => receipt.messageId === id).map((receipt) => receipt.state);
      await eventually('both delivered', () => states(one.id).length === 1 && states(two.id).length === 1);
      socket.send({ type: 'read', messageId: two.id });
      await eventually('both read', () => states(one.id).includes('read') && states(two.id).includes('read'));
      expect(states(one.id)).toEqual(['delivered', 'read']);
      expect(app.receipts.find((receipt) => receipt.messageId === one.id)).toMatchObject({
        accountId,
        conversationId: visitor.conversationId,
      });
      await socket.close();
    });

    it('carries typing both ways', async () => {
      const visitor = await app.visitor(accountId);
      const socket = await visitor.connect();
      const heard: unknown[] = [];
      const end = app.bus.onSignal((signal) => heard.push(signal));
      socket.send({ type: 'typing', conversationId: visitor.conversationId });
      await eventually('typing', () => heard.length > 0);
      expect(heard[0]).toEqual({
        type: 'typing',
        conversationId: visitor.conversationId,
        by: { type: 'contact', id: visitor.session.visitorId, name: '' },
      });
      app.bus.signal({
        type: 'typing',
        conversationId: visitor.conversationId,
        by: { type: 'agent', id: newId(), name: '林' },
      });
      expect(await socket.next('typing')).toEqual({
        seq: null,
        type: 'typing',
        data: { conversationId: visitor.conversationId, by: { type: 'agent', name: '林' } },
      });
      end();
      await socket.close();
    });

    it.each([
      '{',
      'null',
      '[]',
      '5',
      '{"type":"base"}',
      '{"type":"__proto__"}',
      '{"type":"constructor"}',
      '{"type":"resume"}',
      '{"type":"resume","seq":{}}',
      '{"type":"ping","extra":1}',
      '{"type":"read","messageId":"x"}',
      '['.repeat(5000),
    ])('answers %s with one error', async (frame) => {
      const socket = await (await app.visitor(accountId)).connect();
      socket.send(frame);
      expect((await socket.next('error')).data).toEqual({ code: 'invalid_frame', message: expect.any(String) });
      await socket.roundTrip();
      await socket.close();
    });

    it('ends sockets that send what is no text, no UTF-8, too much or too often', async () => {
      const visitor = await app.visitor(accountId);
      const closing = async (act: (socket: FrameSocket) => void): Promise<number> => {
        const socket = await visitor.connect();
        act(socket);
        return (await socket.closed).code;
      };
      expect(await closing((socket) => socket.socket.send(Buffer.from([1, 2, 3])))).toBe(1003);
      expect(await closing((socket) => socket.socket.send(Buffer.from([0xff, 0xfe]), { binary: false }))).toBe(1007);
      expect(await closing((socket) => socket.send('x'.repeat(100_000)))).toBe(1009);
      expect(await closing((socket) => Array.from({ length: 400 }, () => socket.send({ type: 'ping' })))).toBe(1008);
    });

    it('needs a token that holds, and ends with the account', async () => {
      const own = await app.account();
      const visitor = await app.visitor(own);
      const at = (query: string) => FrameSocket.open(socketUrl(app.url, `/webchat/${own}/ws${query}`));
      for (const query of ['', '?token=', '?token=x', `?token=${(await app.visitor(accountId)).token}`])
        await expect(at(query)).rejects.toMatchObject({ status: 401 });
      await expect(
        FrameSocket.open(socketUrl(app.url, `/webchat/${newId()}/ws?token=${visitor.token}`)),
      ).rejects.toMatchObject({ status: 404 });
      const socket = await visitor.connect();
      await app.removeAccount(own);
      expect((await socket.closed).code).toBe(1008);
      expect((await visitor.post('x')).status).toBe(404);
    });

    it('a new identity secret ends what the old one vouched for', async () => {
      const own = await app.account({ identitySecret: SECRET });
      const known = await app.visitor(own, { identity: { id: 'u', hash: hashOf('u') } });
      const anonymous = await app.visitor(own);
      const socket = await known.connect();
      await app.account({ identitySecret: 'another secret of the site' }, own);
      expect((await socket.closed).code).toBe(1008);
      expect((await known.post('x')).status).toBe(401);
      expect((await anonymous.post('x')).status).toBe(202);
    });
  });

  describe('answers', () => {
    it('are accepted at once under the message’s own id', async () => {
      const visitor = await app.visitor(accountId);
      const messageId = newId();
      expect(await app.send(visitor, text('您好'), messageId)).toMatchObject({
        state: 'accepted',
        messageId,
        attempt: 1,
        conversationId: visitor.conversationId,
        remoteId: messageId,
        remoteIds: [messageId],
        error: null,
      });
      expect(await app.send(visitor, { kind: 'unsupported', text: '', platformType: 'x' })).toMatchObject({
        state: 'failed',
        error: { kind: 'unsupported' },
        failedPart: 1,
      });
    });
  });

  it('the script is served to any page, and anew only when it changed', async () => {
    const at = `/webchat/${accountId}/widget.js`;
    const answer = await call(app.url, 'GET', at, { headers: { origin: 'https://anything.example' } });
    // Whether the script has been built is not this spec's business.
    expect([200, 404]).toContain(answer.status);
    if (answer.status === 404) return;
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(
      (await call(app.url, 'GET', at, { headers: { 'if-none-match': answer.headers.get('etag') as string } })).status,
    ).toBe(304);
    expect((await call(app.url, 'GET', `/webchat/${newId()}/widget.js`)).status).toBe(404);
  });
});
