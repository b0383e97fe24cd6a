import { Envelope, parseJson, readXml, sortedSha1 } from '@huiliu/wire';
import { call } from '@huiliu/testing';
import { receiver, SandboxApp } from '../../testing/sandbox-app';

jest.setTimeout(30_000);
const CHANNEL = 'wechat-official';

describe('the official account’s platform', () => {
  let sandbox: SandboxApp;
  let account: { id: string; config: Record<string, string> };
  beforeAll(async () => void (sandbox = await SandboxApp.start()));
  afterAll(() => sandbox.stop());
  beforeEach(async () => {
    Object.assign(receiver, { arrived: [], status: 200, answerAfterMs: 0 });
    account = await sandbox.account(CHANNEL);
  });

  const control = <T = never>(path: string, json?: unknown, method = 'POST') =>
    sandbox.api<T>(CHANNEL, account.id, method, path, json);
  const api = (path: string, json?: unknown) =>
    call<never>(account.config.apiBase ?? '', json === undefined ? 'GET' : 'POST', path, { json });
  const token = async (force = false): Promise<{ access_token: string; expires_in: number; errcode: number }> =>
    (
      await api('/cgi-bin/stable_token', {
        grant_type: 'client_credential',
        appid: account.config.appId,
        secret: account.config.appSecret,
        ...(force ? { force_refresh: true } : {}),
      })
    ).body;
  const openid = (): string => receiver.arrived.at(-1)?.query.get('openid') ?? '';
  const send = async (body: Record<string, unknown>, access?: string): Promise<{ errcode: number }> =>
    (await api(`/cgi-bin/message/custom/send?access_token=${access ?? (await token()).access_token}`, body)).body;
  const text = (content: string) => ({ touser: openid(), msgtype: 'text', text: { content } });
  const sent = async () =>
    (await control<{ items: { text: string; kind: string }[] }>('sent', undefined, 'GET')).body.items;

  it('pushes what a customer says signed and encrypted, in each mode and format', async () => {
    const { token: secret = '', encodingAesKey = '', appId = '' } = account.config;
    for (const mode of ['safe', 'compatible', 'plain'] as const)
      for (const format of ['xml', 'json'] as const) {
        await control('settings', { mode, format }, 'PUT');
        await control('say', { customer: 'a', kind: 'text', text: '你好 ]]> <b>' });
        const { query, body } = receiver.arrived.at(-1) ?? { query: new URLSearchParams(), body: '' };
        const stamp = [query.get('timestamp') ?? '', query.get('nonce') ?? ''] as const;
        expect(query.get('signature')).toBe(sortedSha1(secret, ...stamp));
        const read = (raw: string): Record<string, unknown> =>
          (format === 'xml' ? readXml(raw) : parseJson(raw)) as Record<string, unknown>;
        const outer = read(body);
        const clear = { MsgType: 'text', Content: '你好 ]]> <b>', MsgId: expect.stringMatching(/^\d{17,}$/) };
        if (mode !== 'safe') expect(outer).toMatchObject(clear);
        else expect(outer.Content).toBeUndefined();
        if (mode === 'plain') continue;
        expect(query.get('msg_signature')).toBe(sortedSha1(secret, ...stamp, String(outer.Encrypt)));
        const inner = new Envelope(encodingAesKey, appId).open(String(outer.Encrypt));
        expect(read(inner.message.toString('utf8'))).toMatchObject(clear);
      }
  });

  it('tries three times and then gives up; what answers late is tried again', async () => {
    await control('settings', { schedule: { answerMs: 300, pauseMs: 10, tries: 3 } }, 'PUT');
    receiver.status = 500;
    const failed = await control('say', { customer: 'a', kind: 'text', text: 'x' });
    expect(failed.body).toMatchObject([{ taken: false, tries: 3, status: 500 }]);
    expect(new Set(receiver.arrived.map(({ body }) => body)).size).toBe(1);
    Object.assign(receiver, { status: 200, answerAfterMs: 600, arrived: [] });
    const late = await control('say', { customer: 'a', kind: 'text', text: 'y' });
    expect(late.body).toMatchObject([{ taken: false, tries: 3, status: null }]);
    expect(receiver.arrived).toHaveLength(3);
  });

  it('gives the same token until it ends, limits forced ones and knows which is the latest', async () => {
    const first = await token();
    expect(first.access_token.length).toBeGreaterThanOrEqual(512);
    expect((await token()).access_token).toBe(first.access_token);
    const forced = await token(true);
    expect(forced.access_token).not.toBe(first.access_token);
    expect((await token(true)).errcode).toBe(45011);
    await control('say', { customer: 'a', kind: 'text', text: 'x' });
    expect((await send(text('a'), first.access_token)).errcode).toBe(40001);
    expect((await send(text('a'), forced.access_token)).errcode).toBe(0);
    await control('settings', { tokenSeconds: 0.05, forcePauseMs: 0 }, 'PUT');
    const short = await token(true);
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect((await send(text('a'), short.access_token)).errcode).toBe(42001);
    expect((await api('/cgi-bin/user/info?openid=x')).body).toMatchObject({ errcode: 41001 });
    expect(
      (await api('/cgi-bin/stable_token', { grant_type: 'client_credential', appid: 'x', secret: 'y' })).body,
    ).toMatchObject({ errcode: 40013 });
  });

  it('takes five answers after a message and three after a follow, and refuses what it does not take', async () => {
    await control('event', { customer: 'f', event: 'follow' });
    for (let n = 0; n < 3; n++) expect((await send(text('hi'))).errcode).toBe(0);
    expect((await send(text('hi'))).errcode).toBe(45047);
    await control('say', { customer: 'm', kind: 'text', text: 'x' });
    for (let n = 0; n < 5; n++) expect((await send(text(`n${n}`))).errcode).toBe(0);
    expect((await send(text('hi'))).errcode).toBe(45047);
    expect((await sent()).map((one) => one.text)).toEqual(['hi', 'hi', 'hi', 'n0', 'n1', 'n2', 'n3', 'n4']);
    await control('event', { customer: 'v', event: 'menu_view', key: 'https://a.example/' });
    expect((await send(text('hi'))).errcode).toBe(45015);
    await control('event', { customer: 'v', event: 'unfollow' });
    expect((await send(text('hi'))).errcode).toBe(43004);
    await control('say', { customer: 'w', kind: 'text', text: 'x' });
    expect((await send(text('长'.repeat(683)))).errcode).toBe(45002);
    expect((await send({ touser: openid(), msgtype: 'file', file: {} })).errcode).toBe(40008);
    expect((await send({ touser: openid(), msgtype: 'image', image: { media_id: 'x' } })).errcode).toBe(40007);
    expect((await send({ touser: 'nobody', msgtype: 'text', text: { content: 'x' } })).errcode).toBe(40003);
  });

  it('keeps media until they expire', async () => {
    const access = (await token()).access_token;
    await control('say', {
      customer: 'a',
      kind: 'image',
      file: { name: 'a.png', mime: 'image/png', data: 'aGVsbG8=' },
    });
    const { encodingAesKey = '', appId = '' } = account.config;
    const encrypt = readXml(receiver.arrived.at(-1)?.body ?? '').Encrypt as string;
    const pushed = readXml(new Envelope(encodingAesKey, appId).open(encrypt).message.toString('utf8'));
    const got = await api(`/cgi-bin/media/get?access_token=${access}&media_id=${pushed.MediaId as string}`);
    expect([got.text, got.headers.get('content-type')]).toEqual(['hello', 'image/png']);
    await control('faults', { fault: 'media_expired' });
    expect(
      (await api(`/cgi-bin/media/get?access_token=${access}&media_id=${pushed.MediaId as string}`)).body,
    ).toMatchObject({ errcode: 40007 });
  });

  it('takes files by type and size, and answers under their ids', async () => {
    const access = (await token()).access_token;
    await control('say', { customer: 'a', kind: 'text', text: 'x' });
    const upload = async (type: string, mime: string, bytes = 'hello') => {
      const raw = new FormData();
      raw.append('media', new Blob([bytes], { type: mime }), 'a.png');
      const path = `/cgi-bin/media/upload?access_token=${access}&type=${type}`;
      return (await call<{ media_id: string; errcode: number }>(account.config.apiBase ?? '', 'POST', path, { raw }))
        .body;
    };
    const { media_id } = await upload('image', 'image/png');
    expect((await send({ touser: openid(), msgtype: 'image', image: { media_id } })).errcode).toBe(0);
    expect((await upload('image', 'application/pdf')).errcode).toBe(40005);
    expect((await upload('file', 'image/png')).errcode).toBe(40004);
    expect((await upload('thumb', 'image/jpeg', 'x'.repeat(65 * 1024))).errcode).toBe(40006);
  });

  it('misbehaves as ordered, and only so often', async () => {
    await control('say', { customer: 'a', kind: 'text', text: 'x' });
    const codes = async (fault: string, path?: string): Promise<number[]> => {
      await control('faults', { fault, path });
      return [(await send(text(fault))).errcode, (await send(text(fault))).errcode];
    };
    expect(await codes('rate_limited', 'custom/send')).toEqual([45011, 0]);
    expect(await codes('busy')).toEqual([-1, 0]);
    await control('faults', { fault: 'timeout_after_accept' });
    await expect(send(text('lost'))).rejects.toThrow();
    expect((await sent()).at(-1)?.text).toBe('lost');
    await control('faults', { fault: 'duplicate' });
    expect((await control('say', { customer: 'a', kind: 'text', text: 'twice' })).body).toHaveLength(2);
    await control('faults', { fault: 'reorder' });
    expect((await control('say', { customer: 'a', kind: 'text', text: 'first' })).body).toEqual([]);
    expect((await control('say', { customer: 'a', kind: 'text', text: 'second' })).body).toHaveLength(2);
  });
});
