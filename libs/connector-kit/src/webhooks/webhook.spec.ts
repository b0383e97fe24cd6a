import { newId } from '@huiliu/platform';
import { call, eventually, isErrorBody } from '@huiliu/testing';
import { InboundPublisher } from '../inbound/inbound-publisher';
import { SECRET, ToyApp } from '../testing/toy-app';
import { toySignature } from '../testing/toy-connector';

jest.setTimeout(30_000);

const push = (id: string, over: Record<string, unknown> = {}): string =>
  JSON.stringify({ id, from: 'customer-1', text: '你好', ...over });

describe('/webhooks/<channel>/<accountId>', () => {
  let app: ToyApp;
  beforeAll(async () => void (app = await ToyApp.start()));
  afterAll(() => app.stop());

  const eventOf = (id: string) =>
    app.inbound.find((event) => event.type === 'message.received' && event.data.remoteId === id);

  it('takes what is well signed, of any type, and answers once it is durable', async () => {
    const answer = await app.push(push('m1'));
    expect([answer.status, answer.text]).toEqual([200, 'ok']);
    expect(await eventually('the event', () => eventOf('m1'))).toMatchObject({
      key: `${app.accountId}:customer-1`,
      data: {
        accountId: app.accountId,
        channel: 'toy',
        remoteConversationId: 'customer-1',
        direction: 'inbound',
        content: { kind: 'text', text: '你好' },
      },
    });
  });

  it('answers a handshake, and a repeated one again', async () => {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const path = `/webhooks/toy/${app.accountId}?timestamp=${timestamp}&nonce=n&echo=abc&signature=${toySignature(SECRET, timestamp, 'n', Buffer.from('abc'))}`;
    for (let n = 0; n < 2; n++) expect((await call(app.url, 'GET', path)).text).toBe('abc');
    expect((await call(app.url, 'GET', path.replace('echo=abc', 'echo=abd'))).status).toBe(401);
  });

  it('looks at the account first, then the size, then the signature, then the rest', async () => {
    const huge = Buffer.alloc(2 * 1024 * 1024, 32);
    const unknown = [
      await app.push(huge, { account: newId() }),
      await app.push(huge, { channel: 'other' }),
      await app.push('x', { account: 'x', query: '' }),
      await call(app.url, 'GET', `/webhooks/toy/${newId()}`),
    ];
    expect(unknown.map((answer) => answer.status)).toEqual([404, 404, 404, 404]);
    expect((await app.push(huge, { query: '' })).status).toBe(413);
    expect((await app.push('not json', { query: '' })).status).toBe(401);
    expect((await app.push('not json')).status).toBe(400);
    expect((await app.push('{"unknown":true}')).status).toBe(200);
    for (const answer of [
      ...unknown,
      await app.push(huge),
      await app.push('x', { query: '' }),
      await app.push('not json'),
    ])
      expect(isErrorBody(answer.body)).toBe(true);
    expect((await call(app.url, 'PUT', `/webhooks/toy/${app.accountId}`)).status).toBe(405);
  });

  it('a chunked body is measured as it comes', async () => {
    const body = new ReadableStream({
      start: (controller) => {
        for (let n = 0; n < 40; n++) controller.enqueue(new Uint8Array(64 * 1024));
        controller.close();
      },
    });
    const answer = await fetch(`${app.url}/webhooks/toy/${app.accountId}`, {
      method: 'POST',
      body,
      duplex: 'half',
    });
    expect(answer.status).toBe(413);
  });

  it('refuses every wrong signature and leaves no trace', async () => {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const good = toySignature(SECRET, timestamp, 'n1', Buffer.from(push('forged')));
    const query = (over: Record<string, string | string[]>): string =>
      Object.entries({ timestamp, nonce: 'n1', signature: good, ...over })
        .flatMap(([name, value]) => [value].flat().map((one) => `${name}=${one}`))
        .join('&');
    const other = await app.configure({ shop: 's', secret: 'another secret' }, newId());
    const before = app.inbound.length;
    const refused = [
      query({ signature: [] }),
      query({ timestamp: [] }),
      query({ nonce: [] }),
      query({ signature: '' }),
      query({ signature: [good, good] }),
      query({ nonce: ['n1', 'n1'] }),
      query({ signature: good.slice(0, -1) }),
      query({ signature: good.toUpperCase() }),
      query({ signature: `${good}0` }),
      query({ nonce: 'n2' }),
      query({ timestamp: String(Number(timestamp) + 1) }),
    ];
    for (const one of refused) expect((await app.push(push('forged'), { query: one })).status).toBe(401);
    expect((await app.push(push('forged'), { account: other, query: query({}) })).status).toBe(401);
    expect((await app.push(` ${push('forged')}`, { query: query({}) })).status).toBe(401);
    expect((await app.push(push('forged'), { secret: 'guess' })).status).toBe(401);
    for (const off of [-601, 601, Number.NaN])
      expect((await app.push(push('forged'), { timestamp: String(Math.floor(Date.now() / 1000) + off) })).status).toBe(
        401,
      );
    expect(app.inbound.length).toBe(before);
  });

  it('the same call again is the platform’s retry; the same signature over another body is not', async () => {
    const { SignedCalls } = await import('./signed-calls');
    const calls = app.service.app.get(SignedCalls);
    const signed = { timestamp: '1', timestampMs: Date.now(), nonce: 'n', signature: 's', body: Buffer.from('a') };
    expect(await calls.admit(app.accountId, signed)).toBe('first');
    expect(await calls.admit(app.accountId, signed)).toBe('repeat');
    await expect(calls.admit(app.accountId, { ...signed, body: Buffer.from('b') })).rejects.toMatchObject({
      reason: 'unauthorized',
    });
    expect(await calls.admit(newId(), { ...signed, body: Buffer.from('b') })).toBe('first');
    const fixed = { timestamp: String(Math.floor(Date.now() / 1000)), nonce: 'same' };
    expect((await app.push(push('again'), fixed)).status).toBe(200);
    expect((await app.push(push('again'), fixed)).status).toBe(200);
  });

  it('another process of the app remembers too', async () => {
    const { SignedCalls } = await import('./signed-calls');
    const { Clock, Database } = await import('@huiliu/storage');
    const other = new SignedCalls(app.service.app.get(Database), app.service.app.get(Clock), {
      app: 'connector-toy',
      connectors: [],
    });
    const signed = { timestamp: '2', timestampMs: Date.now(), nonce: 'n', signature: 's', body: Buffer.from('a') };
    await app.service.app.get(SignedCalls).admit(app.accountId, signed);
    expect(await other.admit(app.accountId, signed)).toBe('repeat');
    await expect(
      new SignedCalls(app.service.app.get(Database), app.service.app.get(Clock), {
        app: 'connector-toy',
        connectors: [],
      }).admit(app.accountId, { ...signed, body: Buffer.from('b') }),
    ).rejects.toThrow();
  });

  it('503 when neither bus nor spool takes it, and nothing is acknowledged', async () => {
    const publisher = app.service.app.get(InboundPublisher);
    const { unavailable } = await import('@huiliu/platform');
    const publish = jest.spyOn(publisher, 'publish').mockRejectedValueOnce(unavailable('cannot be accepted now', 5));
    const answer = await app.push(push('lost'));
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    publish.mockRestore();
    expect((await app.push(push('lost'))).status).toBe(200);
  });

  it('a signal makes the account’s reader pull, from where it stopped', async () => {
    app.platform.pulls = [
      { events: [{ id: 'p1', from: 'customer-2', text: 'one' }], cursor: 'c1' },
      { events: [{ id: 'p2', from: 'customer-2', text: 'two' }], cursor: 'c2' },
    ];
    expect((await app.push(push('signal', { pull: 'token-1' }))).status).toBe(200);
    await eventually('both', () => eventOf('p1') !== undefined && eventOf('p2') !== undefined);
    expect(app.platform.hints).toContain('token-1');
    await eventually(
      'the cursor moved',
      async () =>
        (
          await app.db.query<{ cursor_text: string }>(
            'SELECT cursor_text FROM connector_toy_cursors WHERE account_id = ?',
            [app.accountId],
          )
        )[0]?.cursor_text === 'c2',
    );
    await app.push(push('signal-2', { pull: 'token-2' }));
    await eventually('pulled from the cursor', () => app.platform.pulledFrom.at(-1) === 'c2');
  });

  it('tells what the connector can do and how its accounts are', async () => {
    const definition = app.channels.find((event) => event.type === 'channel.defined');
    expect(definition?.data).toMatchObject({
      channel: 'toy',
      app: 'connector-toy',
      secrets: ['secret'],
      configSchema: { properties: { secret: { 'x-zh': '密钥', 'x-en': 'Secret' } } },
    });
    expect(definition?.data).not.toHaveProperty('keyedSends');
    await eventually('ok', () =>
      app.channels.some(
        ({ type, data }) => type === 'account.status' && data.accountId === app.accountId && data.state === 'ok',
      ),
    );
    const broken = await app.configure({ shop: '' }, newId());
    const told = await eventually('the problem is told', () =>
      app.channels.find((event) => event.type === 'account.status' && event.data.accountId === broken),
    );
    expect(told.data).toMatchObject({ state: 'error', error: expect.stringContaining('shop') });
    expect((await app.push('x', { account: broken })).status).toBe(503);
  });
});
