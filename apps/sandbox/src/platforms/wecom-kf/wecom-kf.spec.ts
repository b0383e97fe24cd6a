import { Envelope, readXml, sortedSha1 } from '@huiliu/wire';
import { call } from '@huiliu/testing';
import { receiver, SandboxApp } from '../../testing/sandbox-app';

jest.setTimeout(30_000);
const CHANNEL = 'wecom-kf';

interface Page {
  readonly errcode: number;
  readonly next_cursor: string;
  readonly has_more: number;
  readonly msg_list: Record<string, never>[];
}

describe('the platform of WeCom customer service', () => {
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
  const api = <T = { errcode: number }>(path: string, json?: unknown) =>
    call<T>(account.config.apiBase ?? '', json === undefined ? 'GET' : 'POST', `/cgi-bin/${path}`, { json });
  const token = async (secret = account.config.secret): Promise<{ access_token: string; errcode: number }> =>
    (
      await api<{ access_token: string; errcode: number }>(
        `gettoken?corpid=${account.config.corpId}&corpsecret=${secret}`,
      )
    ).body;
  const post = async <T = { errcode: number; errmsg: string }>(path: string, json: object): Promise<T> =>
    (await api<T>(`${path}?access_token=${(await token()).access_token}`, json)).body;
  const sync = (more: object = {}): Promise<Page> =>
    post<Page>('kf/sync_msg', { open_kfid: account.config.openKfId, ...more });
  const say = (text: string, customer = 'a') => control('say', { customer, kind: 'text', text });
  const textsOf = ({ msg_list }: Page): unknown[] =>
    msg_list.map(({ text }) => (text as { content: string } | undefined)?.content);
  const customerId = async (): Promise<string> => (await sync()).msg_list.at(-1)?.external_userid as unknown as string;
  const send = (touser: string, content: string, msgid?: string) =>
    post('kf/send_msg', {
      touser,
      open_kfid: account.config.openKfId,
      ...(msgid === undefined ? {} : { msgid }),
      msgtype: 'text',
      text: { content },
    });
  const callbackToken = (): string => {
    const { encodingAesKey = '', corpId = '' } = account.config;
    const encrypt = readXml(receiver.arrived.at(-1)?.body ?? '').Encrypt as string;
    return readXml(new Envelope(encodingAesKey, corpId).open(encrypt).message.toString('utf8')).Token as string;
  };

  it('calls back signed and encrypted, and says nothing but that something waits', async () => {
    await say('secret words');
    const { query, body } = receiver.arrived.at(-1) ?? { query: new URLSearchParams(), body: '' };
    const { token: secret = '', encodingAesKey = '', corpId = '', openKfId } = account.config;
    const { Encrypt, ToUserName } = readXml(body);
    expect(ToUserName).toBe(corpId);
    expect(query.get('msg_signature')).toBe(
      sortedSha1(secret, query.get('timestamp') ?? '', query.get('nonce') ?? '', Encrypt as string),
    );
    const message = new Envelope(encodingAesKey, corpId).open(Encrypt as string).message.toString('utf8');
    expect(readXml(message)).toMatchObject({ MsgType: 'event', Event: 'kf_msg_or_event', OpenKfId: openKfId });
    expect(message).not.toContain('secret');
  });

  it('tries again where nothing answers, and not where something does', async () => {
    await control('settings', { schedule: { answerMs: 200, pauseMs: 10, tries: 3 } }, 'PUT');
    receiver.status = 503;
    expect((await say('x')).body).toMatchObject([{ taken: false, tries: 1, status: 503 }]);
    Object.assign(receiver, { status: 200, answerAfterMs: 400 });
    expect((await say('y')).body).toMatchObject([{ taken: false, tries: 3, status: null }]);
  });

  it('lists what was said from a cursor on, in pages, some of them empty although more waits', async () => {
    for (const text of ['1', '2', '3']) await say(text);
    await control('settings', { pageSize: 2, emptyPages: 1 }, 'PUT');
    const empty = await sync();
    expect([empty.has_more, textsOf(empty)]).toEqual([1, []]);
    const first = await sync({ cursor: empty.next_cursor });
    expect([first.has_more, textsOf(first)]).toEqual([1, ['1', '2']]);
    const last = await sync({ cursor: first.next_cursor });
    expect([last.has_more, textsOf(last)]).toEqual([0, ['3']]);
    expect(textsOf(await sync({ cursor: last.next_cursor }))).toEqual([]);
    expect((await sync({ cursor: 'made up' })).errcode).not.toBe(0);
    expect((await sync({ open_kfid: 'wkOther' })).errcode).toBe(95000);
    expect((await sync({ limit: 1001 })).errcode).toBe(40058);
  });

  it('limits who pulls without the callback’s token, and takes none that has ended', async () => {
    await control('settings', { untokenedAMinute: 1 }, 'PUT');
    await say('x');
    expect((await sync()).errcode).toBe(0);
    expect((await sync()).errcode).toBe(45009);
    expect((await sync({ token: callbackToken() })).errcode).toBe(0);
    expect((await sync({ token: 'ENCmadeup' })).errcode).toBe(95007);
    await control('settings', { syncTokenSeconds: 0.001 }, 'PUT');
    await say('y');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await sync({ token: callbackToken() })).errcode).toBe(95007);
  });

  it('gives the same token until it ends, and tells a bad one from one that has', async () => {
    const first = await token();
    expect((await token()).access_token).toBe(first.access_token);
    expect((await token('wrong')).errcode).toBe(40001);
    expect((await api(`gettoken?corpid=other&corpsecret=x`)).body.errcode).toBe(40013);
    expect((await api('kf/sync_msg', {})).body.errcode).toBe(41001);
    expect((await api('kf/sync_msg?access_token=x', {})).body.errcode).toBe(40014);
    await control('faults', { fault: 'token_revoked' });
    expect((await sync()).errcode).toBe(40014);
    expect((await token()).access_token).not.toBe(first.access_token);
    await control('faults', { fault: 'token_revoked' });
    await sync();
    await control('settings', { tokenSeconds: 0.05 }, 'PUT');
    const short = (await token()).access_token;
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect((await api(`kf/sync_msg?access_token=${short}`, {})).body.errcode).toBe(42001);
    await control('settings', { tokensAMinute: 0 }, 'PUT');
    expect((await token()).errcode).toBe(45009);
  });

  it('takes five answers, each id once, and only in the states that the interface may send in', async () => {
    await say('x');
    const id = await customerId();
    expect((await send(id, '1', 'one')).errcode).toBe(0);
    expect(await send(id, '1', 'one')).toMatchObject({ errmsg: expect.stringContaining('msgid') });
    for (let n = 2; n <= 5; n++) expect((await send(id, `${n}`)).errcode).toBe(0);
    expect((await send(id, '6')).errcode).toBe(95001);
    await say('y');
    expect((await send(id, '长'.repeat(683))).errcode).toBe(45002);
    expect((await send(id, 'x', 'not/an/id')).errcode).toBe(40058);
    expect((await send('nobody', 'x')).errcode).toBe(40096);
    await control('event', { customer: 'a', event: 'servicer_takes' });
    expect((await send(id, 'x')).errcode).toBe(95018);
    await control('event', { customer: 'a', event: 'session_ends' });
    expect((await send(id, 'x')).errcode).toBe(95018);
    await say('z');
    expect((await send(id, 'x')).errcode).toBe(0);
    const sent = (await control<{ items: { text: string }[] }>('sent', undefined, 'GET')).body.items;
    expect(sent.map(({ text }) => text)).toEqual(['1', '2', '3', '4', '5', 'x']);
  });

  it('lets a session go from state to state as it may', async () => {
    await say('x');
    const whose = { open_kfid: account.config.openKfId, external_userid: await customerId() };
    const trans = async (service_state: number, more: object = {}): Promise<number> =>
      (await post('kf/service_state/trans', { ...whose, service_state, ...more })).errcode;
    const state = async (): Promise<unknown> =>
      (await post<{ service_state: number }>('kf/service_state/get', whose)).service_state;
    expect([await state(), await trans(1), await state()]).toEqual([0, 0, 1]);
    expect(await trans(0)).not.toBe(0);
    expect([await trans(3), await trans(3, { servicer_userid: 'zhangsan' }), await state()]).toEqual([95014, 0, 3]);
    expect(await trans(1)).not.toBe(0);
    expect([await trans(4), await state()]).toEqual([0, 4]);
    expect(await trans(1)).not.toBe(0);
    await say('again');
    expect(await state()).toBe(0);
  });

  it('gives a session to a servicer who receives, and lets nobody else send until they have ended it', async () => {
    await say('x');
    const id = await customerId();
    const servicers = async (): Promise<unknown> =>
      (
        await api<{ servicer_list: unknown }>(
          `kf/servicer/list?access_token=${(await token()).access_token}&open_kfid=${account.config.openKfId}`,
        )
      ).body.servicer_list;
    const trans = async (servicer_userid: string): Promise<number> =>
      (
        await post('kf/service_state/trans', {
          open_kfid: account.config.openKfId,
          external_userid: id,
          service_state: 3,
          servicer_userid,
        })
      ).errcode;
    expect(await servicers()).toEqual([
      { userid: 'zhangsan', status: 0 },
      { userid: 'lisi', status: 1 },
    ]);
    expect([await trans('lisi'), await trans('nobody')]).toEqual([95014, 95014]);
    await control('event', { customer: 'a', event: 'servicer_status', key: '2' });
    expect(await trans('zhangsan')).toBe(95014);
    await control('event', { customer: 'a', event: 'servicer_status', key: '1' });
    expect([await trans('zhangsan'), await trans('zhangsan'), (await send(id, 'x')).errcode]).toEqual([0, 0, 95018]);
    await control('event', { customer: 'a', event: 'session_ends' });
    await say('again');
    expect((await send(id, 'x')).errcode).toBe(0);
  });

  it('takes one welcome within 20 s of a code, from whoever has not come in for two days', async () => {
    await control('event', { customer: 'a', event: 'enter_session', key: 'shop' });
    await control('event', { customer: 'a', event: 'enter_session', key: 'shop' });
    const [first, second] = (await sync()).msg_list.map(({ event }) => event as { welcome_code?: string } | undefined);
    expect(second?.welcome_code).toBeUndefined();
    const welcome = () =>
      post('kf/send_msg_on_event', { code: first?.welcome_code, msgtype: 'text', text: { content: 'hi' } });
    expect((await welcome()).errcode).toBe(0);
    expect((await welcome()).errcode).not.toBe(0);
  });

  it('tells names by the batch, keeps media until they expire, and takes files by type and size', async () => {
    await say('x', 'lin');
    const id = await customerId();
    expect(await post('kf/customer/batchget', { external_userid_list: [id, 'wmX'] })).toMatchObject({
      customer_list: [{ external_userid: id, nickname: 'lin' }],
      invalid_external_userid: ['wmX'],
    });
    const file = { name: '合同.pdf', mime: 'application/pdf', data: 'aGVsbG8gd29ybGQ=' };
    await control('say', { customer: 'a', kind: 'file', file });
    const { media_id } = (await sync()).msg_list.at(-1)?.file as unknown as { media_id: string };
    const access = (await token()).access_token;
    const got = await api(`media/get?access_token=${access}&media_id=${media_id}`);
    expect([got.text, got.headers.get('content-disposition')]).toEqual([
      'hello world',
      expect.stringContaining(encodeURIComponent('合同.pdf')),
    ]);
    await control('faults', { fault: 'media_expired' });
    expect((await api(`media/get?access_token=${access}&media_id=${media_id}`)).body.errcode).toBe(40007);
    const upload = async (type: string, mime: string, bytes = 'hello!') => {
      const raw = new FormData();
      raw.append('media', new Blob([bytes], { type: mime }), 'a');
      const path = `/cgi-bin/media/upload?access_token=${access}&type=${type}`;
      return (await call<{ errcode: number }>(account.config.apiBase ?? '', 'POST', path, { raw })).body.errcode;
    };
    expect(await upload('image', 'image/png')).toBe(0);
    expect(await upload('image', 'image/gif')).toBe(40005);
    expect(await upload('voice', 'audio/mpeg')).toBe(40005);
    expect(await upload('file', 'x/y', 'hello')).toBe(40006);
    expect(await upload('thumb', 'image/png')).toBe(40004);
  });

  it('misbehaves as ordered, and only so often', async () => {
    await say('x');
    const id = await customerId();
    const codes = async (fault: string): Promise<number[]> => {
      await control('faults', { fault, path: 'send_msg' });
      return [(await send(id, fault)).errcode, (await send(id, fault)).errcode];
    };
    expect(await codes('rate_limited')).toEqual([45009, 0]);
    expect(await codes('busy')).toEqual([-1, 0]);
    expect(await codes('banned')).toEqual([48002, 0]);
    await control('faults', { fault: 'timeout_after_accept' });
    await expect(send(id, 'lost', 'lost')).rejects.toThrow();
    expect((await send(id, 'lost', 'lost')).errcode).not.toBe(0);
    await control('faults', { fault: 'window_closed' });
    expect((await send(id, 'x')).errcode).toBe(95001);
  });

  it('keeps what was said when it is started again', async () => {
    await say('before');
    const { next_cursor } = await sync();
    await say('between');
    await sandbox.restart();
    await say('after');
    expect(textsOf(await sync({ cursor: next_cursor }))).toEqual(['between', 'after']);
    expect(textsOf(await sync())).toEqual(['before', 'between', 'after']);
  });
});
