import { Profiles } from './profiles';
import { Puller } from './pulling';
import { ScriptedPlatform } from '../testing/scripted-wecom';

const SYNC = '/kf/sync_msg';
const signal = new AbortController().signal;
const page = (next_cursor: string, texts: string[] = [], has_more = 0, open_kfid = 'wk1') => ({
  errcode: 0,
  next_cursor,
  has_more,
  msg_list: texts.map((content) => ({
    msgid: `id-${content}`,
    open_kfid,
    external_userid: 'wmA',
    send_time: 1764201600,
    origin: 3,
    msgtype: 'text',
    text: { content },
  })),
});
const refusal = (errcode: number) => ({ errcode, errmsg: 'refused' });

describe('reading an account', () => {
  let platform: ScriptedPlatform;
  beforeEach(async () => void (platform = await ScriptedPlatform.start()));
  afterEach(() => platform.stop());

  const puller = (over = {}): Puller => {
    const context = platform.context(over);
    const client = platform.client(context);
    return new Puller(client, new Profiles(client, platform.clock), context);
  };
  const asked = (): Record<string, unknown>[] => platform.called(SYNC).map(({ body }) => body);
  const texts = (pulled: { events: readonly unknown[] }) =>
    (pulled.events as { data: { content: { text: string } } }[]).map(({ data }) => data.content.text);

  it('goes on from the cursor with the callback’s token, also where a page is empty and more waits', async () => {
    platform.next(SYNC, page('c1', ['a']), page('c2', [], 1), page('c3', ['b', 'c']));
    const one = puller();
    const first = await one.pull(null, 'TOKEN', signal);
    expect([texts(first), first.cursor, first.more]).toEqual([['a'], 'c1', false]);
    const empty = await one.pull('c1', null, signal);
    expect([texts(empty), empty.cursor, empty.more]).toEqual([[], 'c2', true]);
    const last = await one.pull('c2', null, signal);
    expect([texts(last), last.cursor, last.more]).toEqual([['b', 'c'], 'c3', false]);
    expect(asked()).toEqual(
      ['', 'c1', 'c2'].map((cursor) => ({ cursor, token: 'TOKEN', limit: 1000, voice_format: 0, open_kfid: 'wk1' })),
    );
  });

  it('does not read a page for ever whose cursor stands still', async () => {
    platform.next(SYNC, page('c1', [], 1));
    expect((await puller().pull('c1', null, signal)).more).toBe(false);
  });

  it('does without a token that has ended or is refused', async () => {
    platform.next(SYNC, page('c1'), page('c1'), refusal(95007), page('c2', ['a']), page('c2'));
    const one = puller();
    await one.pull(null, 'OLD', signal);
    platform.clock.advance(600_000);
    await one.pull('c1', null, signal);
    expect(texts(await one.pull('c1', 'BAD', signal))).toEqual(['a']);
    await one.pull('c2', null, signal);
    expect(asked().map(({ token }) => token)).toEqual(['OLD', undefined, 'BAD', undefined, undefined]);
  });

  it('begins with what is kept where the cursor is refused: read twice, and known by its ids', async () => {
    platform.next(SYNC, refusal(95902), page('c9', ['a', 'b']));
    const pulled = await puller().pull('broken', null, signal);
    expect([texts(pulled), pulled.cursor]).toEqual([['a', 'b'], 'c9']);
    expect(asked().map(({ cursor }) => cursor)).toEqual(['broken', '']);
  });

  it('keeps the cursor where the platform refuses for another reason', async () => {
    for (const [code, kind] of [
      [48002, 'rejected'],
      [-1, 'transient'],
      [60020, 'rejected'],
    ] as const) {
      platform.next(SYNC, refusal(code));
      await expect(puller().pull('c1', null, signal)).rejects.toMatchObject({ kind });
    }
    expect(asked().map(({ cursor }) => cursor)).toEqual(['c1', 'c1', 'c1']);
  });

  it('renews a refused token once, and says so where the new one is refused as well', async () => {
    platform.next(SYNC, refusal(42001), page('c2', ['a']), refusal(40014), refusal(40014));
    const one = puller();
    expect(texts(await one.pull('c1', null, signal))).toEqual(['a']);
    await expect(one.pull('c2', null, signal)).rejects.toMatchObject({ kind: 'auth' });
    expect(platform.called(SYNC).map(({ token }) => token)).toEqual(['T1', 'T2', 'T2', 'T3']);
  });

  it('rests as long as the platform asks, whatever callbacks come', async () => {
    platform.next(SYNC, refusal(45009));
    const one = puller();
    await expect(one.pull('c1', null, signal)).rejects.toMatchObject({ kind: 'rate_limited' });
    const ended = AbortSignal.timeout(20);
    await expect(one.pull('c1', 'NEW', ended)).rejects.toThrow();
    expect(asked()).toHaveLength(1);
    platform.clock.advance(10_000);
    await one.pull('c1', 'NEW', signal);
    expect(asked()).toHaveLength(2);
  });

  it('leaves out what is another account’s, and what we sent ourselves', async () => {
    platform.sentByUs.add('id-echo');
    const echo = page('c', ['echo', 'theirs']).msg_list.map((item) => ({ ...item, origin: 5 }));
    platform.next(SYNC, page('c1', ['x'], 1, 'wk2'), { ...page('c2'), msg_list: [...echo, null, {}, 'x'] });
    const one = puller();
    expect(texts(await one.pull(null, null, signal))).toEqual([]);
    expect(texts(await one.pull('c1', null, signal))).toEqual(['theirs']);
  });

  it('asks for names by the batch and once, and waits for none that is not to be had', async () => {
    const customer = { external_userid: 'wmA', nickname: '林', avatar: 'https://a.example/p.png' };
    platform.next('/customer/batchget', { errcode: 0, customer_list: [customer] });
    platform.next(SYNC, page('c1', ['a', 'b']), page('c2', ['c']));
    const one = puller();
    const [first] = (await one.pull(null, null, signal)).events;
    expect(first?.data.contact).toMatchObject({ name: '林', avatarUrl: 'https://a.example/p.png' });
    await one.pull('c1', null, signal);
    expect(platform.called('/customer/batchget').map(({ body }) => body)).toEqual([{ external_userid_list: ['wmA'] }]);
    platform.next('/customer/batchget', refusal(48002));
    platform.next(SYNC, page('c1', ['a']));
    expect((await puller().pull(null, null, signal)).events[0]?.data.contact).toEqual({
      remoteId: 'wmA',
      verified: true,
    });
  });

  it('greets whoever comes in, once, and not when the code is over', async () => {
    const entered = (msgid: string, secondsAgo: number) => ({
      ...page('c1'),
      msg_list: [
        {
          msgid,
          send_time: Math.floor(platform.clock.now().getTime() / 1000) - secondsAgo,
          origin: 4,
          msgtype: 'event',
          event: { event_type: 'enter_session', open_kfid: 'wk1', external_userid: 'wmA', welcome_code: 'CODE' },
        },
      ],
    });
    platform.next(SYNC, entered('e1', 1), entered('e2', 21), entered('e3', 1));
    const one = puller({ welcomeText: '欢迎' });
    const greeted = await one.pull(null, null, signal);
    expect(greeted.events).toMatchObject([
      { data: { direction: 'system' } },
      { data: { direction: 'outbound', content: { text: '欢迎' } } },
    ]);
    expect((await one.pull(null, null, signal)).events).toHaveLength(1);
    expect((await puller().pull(null, null, signal)).events).toHaveLength(1);
    const sent = platform.called('/send_msg_on_event').map(({ body }) => body);
    expect(sent).toEqual([
      { code: 'CODE', msgid: expect.stringMatching(/^[\w-]{1,32}$/), msgtype: 'text', text: { content: '欢迎' } },
    ]);
  });
});
