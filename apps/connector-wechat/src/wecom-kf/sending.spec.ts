import { ConnectorError } from '@huiliu/connector-kit';
import { Sends } from './sending';
import { ServiceStates } from './service-state';
import { ScriptedPlatform } from '../testing/scripted-wecom';

const SEND = '/kf/send_msg';
const GET = '/service_state/get';
const TRANS = '/service_state/trans';
const signal = new AbortController().signal;
const hello = { body: { msgtype: 'text', text: { content: 'hi' } } };
const refusal = (errcode: number, errmsg = 'refused') => ({ errcode, errmsg });

describe('sending', () => {
  let platform: ScriptedPlatform;
  beforeEach(async () => void (platform = await ScriptedPlatform.start()));
  afterEach(() => platform.stop());

  const sends = (over = {}): Sends => {
    const context = platform.context(over);
    const client = platform.client(context);
    return new Sends(client, new ServiceStates(client, 'wk1'), context);
  };
  const part = (attempt = 1, key = 'M') => ({
    conversationId: 'c',
    remoteConversationId: 'wmA',
    remoteContactId: 'wmA',
    inReplyTo: null,
    messageId: 'M',
    attempt,
    authorType: 'agent' as const,
    authorName: 'Lin',
    part: 1,
    parts: 1,
    key,
  });
  const ids = () => platform.called(SEND).map(({ body }) => body.msgid);
  const failed = (send: Promise<unknown>) =>
    send.then(
      () => null,
      ({ kind, code }: ConnectorError) => [kind, code],
    );

  it('goes under our id, which is what the platform calls it', async () => {
    expect(await sends().send(hello, part(), signal)).toEqual({ remoteId: 'M' });
    expect(platform.called(SEND)[0]?.body).toEqual({
      touser: 'wmA',
      open_kfid: 'wk1',
      msgid: 'M',
      msgtype: 'text',
      text: { content: 'hi' },
    });
  });

  it('that had no answer is repeated under the same id: refused as done, it was sent', async () => {
    const one = sends();
    platform.next(SEND, null, refusal(95901, 'duplicated msgid'));
    expect(await failed(one.send(hello, part(), signal))).toEqual(['outcome_unknown', 'no_answer']);
    expect(await one.send(hello, part(), signal)).toEqual({ remoteId: 'M' });
    expect(ids()).toEqual(['M', 'M']);
  });

  it('that was repeated and refused for no listed reason may have been sent the first time', async () => {
    const one = sends();
    platform.next(SEND, null, refusal(95999), null, refusal(95001));
    expect(await failed(one.send(hello, part(), signal))).toEqual(['outcome_unknown', 'no_answer']);
    expect(await failed(one.send(hello, part(), signal))).toEqual(['outcome_unknown', '95999']);
    const other = sends({ duplicateCodes: '95998,95999' });
    platform.script.clear();
    platform.next(SEND, refusal(95999), refusal(95997));
    expect(await other.send(hello, part(), signal)).toEqual({ remoteId: 'M' });
    expect(await failed(other.send(hello, part(), signal))).toEqual(['rejected', '95997']);
  });

  it('again by a person goes under another id only where the first was taken', async () => {
    const one = sends();
    await one.send(hello, part(2), signal);
    platform.sentByUs.add('M');
    await one.send(hello, part(2), signal);
    await one.send(hello, part(2), signal);
    await one.send(hello, part(3, 'M.2'), signal);
    expect(ids()).toEqual(['M', 'M_2', 'M_2', 'M-2']);
  });

  it('to a platform that is busy is repeated three times', async () => {
    const one = sends();
    platform.next(SEND, refusal(-1), refusal(-1), refusal(-1), refusal(-1));
    const kinds = [];
    for (let n = 0; n < 4; n++) kinds.push((await failed(one.send(hello, part(), signal)))?.[0]);
    expect(kinds).toEqual(['transient', 'transient', 'transient', 'rejected']);
  });

  it('says who has the session where its state refuses', async () => {
    const one = sends();
    const explained: [object, string][] = [
      [{ errcode: 0, service_state: 2 }, 'rejected'],
      [{ errcode: 0, service_state: 3, servicer_userid: 'zhangsan' }, 'rejected'],
      [{ errcode: 0, service_state: 4 }, 'window_closed'],
      [refusal(48002), 'rejected'],
    ];
    for (const [state, kind] of explained) {
      platform.next(SEND, refusal(95018));
      platform.next(GET, state);
      expect(await failed(one.send(hello, part(), signal))).toEqual([kind, '95018']);
    }
  });

  it('a link goes with a picture, which is stored once', async () => {
    const one = sends();
    platform.next('/media/upload', { errcode: 0, media_id: 'THUMB' });
    const link = { link: { title: 'T', desc: '', url: 'https://a.example/' } };
    await one.send(link, part(), signal);
    await one.send(link, part(), signal);
    expect(platform.called(SEND).map(({ body }) => body.link)).toEqual([
      { ...link.link, thumb_media_id: 'THUMB' },
      { ...link.link, thumb_media_id: 'THUMB' },
    ]);
    expect(platform.called('/media/upload')).toHaveLength(1);
  });

  it('renews a refused token once, by whoever needs it', async () => {
    const one = sends();
    platform.next(SEND, refusal(42001));
    expect(await failed(one.send(hello, part(), signal))).toEqual(['auth', '42001']);
    await Promise.all([one.send(hello, part(), signal), one.send(hello, part(), signal)]);
    expect(platform.called(SEND).map(({ token }) => token)).toEqual(['T1', 'T2', 'T2']);
  });
});

describe('the session', () => {
  let platform: ScriptedPlatform;
  beforeEach(async () => void (platform = await ScriptedPlatform.start()));
  afterEach(() => platform.stop());

  it.each([
    ['serving', 0, 1],
    ['serving', 1, null],
    ['serving', 2, null],
    ['serving', 3, null],
    ['serving', 4, null],
    ['ended', 0, 4],
    ['ended', 1, 4],
    ['ended', 3, 4],
    ['ended', 4, null],
  ] as const)('of a conversation that is %s goes from %s to %s', async (state, now, then) => {
    platform.next(GET, { errcode: 0, service_state: now });
    const states = new ServiceStates(platform.client(), 'wk1');
    await states.follow({ conversationId: 'c', remoteContactId: 'wmA', state, at: platform.clock.now() }, signal);
    expect(platform.called(TRANS).map(({ body }) => body)).toEqual(
      then === null ? [] : [{ open_kfid: 'wk1', external_userid: 'wmA', service_state: then }],
    );
  });

  it('goes to a servicer who is handed it, unless it has ended', async () => {
    const states = new ServiceStates(platform.client(), 'wk1');
    platform.next(GET, { errcode: 0, service_state: 1 });
    await states.handOver('zhangsan', 'wmA', signal);
    expect(platform.called(TRANS).map(({ body }) => body)).toEqual([
      { open_kfid: 'wk1', external_userid: 'wmA', service_state: 3, servicer_userid: 'zhangsan' },
    ]);
    platform.next(GET, { errcode: 0, service_state: 0 });
    platform.next(TRANS, refusal(95014));
    await expect(states.handOver('lisi', 'wmA', signal)).rejects.toMatchObject({ kind: 'rejected', code: '95014' });
    platform.next(GET, { errcode: 0, service_state: 4 });
    await expect(states.handOver('zhangsan', 'wmA', signal)).rejects.toMatchObject({ kind: 'rejected', code: 'ended' });
    expect(platform.called(TRANS)).toHaveLength(2);
  });

  it('may go to whoever receives, of those who serve the account', async () => {
    const states = new ServiceStates(platform.client(), 'wk1');
    const servicer_list = [{ userid: 'zhangsan', status: 0 }, { userid: 'lisi', status: 1 }, { department_id: 2 }];
    platform.next('/kf/servicer/list', { errcode: 0, servicer_list });
    expect(await states.servicers(signal)).toEqual([
      { id: 'zhangsan', name: 'zhangsan', available: true },
      { id: 'lisi', name: 'lisi', available: false },
    ]);
    platform.next('/kf/servicer/list', refusal(48002));
    await expect(states.servicers(signal)).rejects.toMatchObject({ kind: 'rejected', code: '48002' });
  });

  it('of one that waits is the platform’s own', async () => {
    const states = new ServiceStates(platform.client(), 'wk1');
    const at = platform.clock.now();
    await states.follow({ conversationId: 'c', remoteContactId: 'wmA', state: 'waiting', at }, signal);
    expect(platform.calls).toEqual([]);
  });
});
