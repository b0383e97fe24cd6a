import { parseJson, readXml, sortedSha1 } from '@huiliu/wire';
import { call } from '@huiliu/testing';
import { receiver, SandboxApp } from '../../testing/sandbox-app';

jest.setTimeout(30_000);
const CHANNEL = 'weibo';

interface Refused {
  readonly error_code?: number;
}
interface Timeline {
  readonly comments?: { id: string; text: string; status: { id: string }; reply_comment?: { text: string } }[];
  readonly statuses?: { id: string; text: string }[];
}

describe('Weibo’s platform', () => {
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
  /** Ids stay what they are: 64-bit numbers, as strings here. */
  async function api<T>(path: string, form?: Record<string, string>): Promise<{ status: number; body: T }> {
    const token = account.config.accessToken ?? '';
    const [method, query] =
      form === undefined ? ['GET', `${path.includes('?') ? '&' : '?'}access_token=${token}`] : ['POST', ''];
    const answer = await call<never>(account.config.apiBase ?? '', method, `${path}${query}`, {
      ...(form === undefined ? {} : { raw: new URLSearchParams({ access_token: token, ...form }).toString() }),
      headers: form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' },
    });
    return { status: answer.status, body: parseJson(answer.text) as T };
  }
  const say = (customer: string, kind: string, text: string) => control('say', { customer, kind, text });
  const pushed = (): Record<string, unknown> =>
    parseJson(receiver.arrived.at(-1)?.body ?? '') as Record<string, unknown>;
  const sender = (): string => String(pushed().sender_id);
  const reply = async (data: object, receiver_id = sender(), type = 'text'): Promise<number | undefined> =>
    (await api<Refused>('/2/messages/reply.json', { type, data: JSON.stringify(data), receiver_id })).body.error_code;
  const sent = async () =>
    (await control<{ items: { customer: string; text: string; kind: string }[] }>('sent', undefined, 'GET')).body.items;

  it('pushes what a fan says signed with the app’s secret, in both forms, with ids beyond 2^53', async () => {
    await say('a', 'text', '你好 ]]> <b>');
    const { query } = receiver.arrived.at(-1) ?? { query: new URLSearchParams() };
    const [timestamp = '', nonce = ''] = [query.get('timestamp') ?? '', query.get('nonce') ?? ''];
    expect(query.get('signature')).toBe(sortedSha1(account.config.appSecret ?? '', timestamp, nonce));
    expect(Math.abs(Number(timestamp) - Date.now())).toBeLessThan(60_000);
    expect(pushed()).toMatchObject({
      type: 'text',
      text: '你好 ]]> <b>',
      data: {},
      created_at: expect.stringMatching(/^\w{3} \w{3} \d\d \d\d:\d\d:\d\d \+0800 \d{4}$/),
    });
    // No number that fits: it was read as a text.
    expect(pushed().sender_id).toMatch(/^\d{16,}$/);
    await control('settings', { format: 'xml' }, 'PUT');
    await say('a', 'text', '你好 ]]> <b>');
    expect(readXml(receiver.arrived.at(-1)?.body ?? '')).toMatchObject({
      MsgType: 'text',
      Content: '你好 ]]> <b>',
      MsgId: '',
    });
  });

  it('lets us answer for two days, a mention once, and refuses what it does not take', async () => {
    await say('m', 'mention', '你们好');
    expect(pushed()).toMatchObject({ type: 'mention', data: { subtype: 'status' } });
    expect([await reply({ text: 'a' }), await reply({ text: 'b' })]).toEqual([undefined, 26403]);
    await say('t', 'text', 'x');
    expect([await reply({ text: 'a' }), await reply({ text: 'b' })]).toEqual([undefined, undefined]);
    expect(await reply({ longitude: '121.4', latitude: '31.2' }, sender(), 'position')).toBeUndefined();
    expect(await reply({ text: '长'.repeat(300) })).toBe(20013);
    expect(await reply({ text: '' })).toBe(20008);
    expect(await reply({}, sender(), 'image')).toBe(10008);
    expect(await reply({ text: 'a' }, '1')).toBe(20003);
    expect((await api<Refused>('/2/messages/reply.json', { type: 'text' })).body.error_code).toBe(10016);
    await control('event', { customer: 't', event: 'unfollow' });
    expect(await reply({ text: 'a' })).toBe(26403);
    expect((await sent()).map(({ customer, text }) => [customer, text])).toEqual([
      ['m', 'a'],
      ['t', 'a'],
      ['t', 'b'],
      ['t', '31.2, 121.4'],
    ]);
  });

  it('tells of comments and mentions by since_id and pages, and takes answers under them', async () => {
    for (let n = 1; n <= 5; n++) await say('c', 'comment', `n${n}`);
    expect(receiver.arrived).toEqual([]);
    const texts = async (query: string): Promise<string[]> =>
      ((await api<Timeline>(`/2/comments/to_me/biz.json?${query}`)).body.comments ?? []).map(({ text }) => text);
    expect(await texts('count=2')).toEqual(['n5', 'n4']);
    expect(await texts('count=2&page=2')).toEqual(['n3', 'n2']);
    const all = (await api<Timeline>('/2/comments/to_me.json')).body.comments ?? [];
    expect(await texts(`since_id=${all[2]?.id}`)).toEqual(['n5', 'n4']);
    expect(await texts(`max_id=${all[3]?.id}`)).toEqual(['n2', 'n1']);
    const [last] = all;
    const form = { id: last?.status.id ?? '', cid: last?.id ?? '', comment: '谢谢' };
    expect((await api<{ text: string }>('/2/comments/reply.json', form)).body.text).toBe('谢谢');
    expect((await api<Refused>('/2/comments/reply.json', form)).body.error_code).toBe(20019);
    expect((await api<Refused>('/2/comments/reply.json', { ...form, cid: '1' })).body.error_code).toBe(20201);
    expect((await api<Refused>('/2/comments/create.json', { ...form, id: '1' })).body.error_code).toBe(20101);
    const long = { ...form, comment: '长'.repeat(141) };
    expect((await api<Refused>('/2/comments/reply.json', long)).body.error_code).toBe(20012);
    expect(await sent()).toMatchObject([{ customer: 'c', kind: 'comment', text: '谢谢' }]);
    // What the fan says next answers ours.
    await say('c', 'comment', '不客气');
    expect((await api<Timeline>('/2/comments/to_me.json')).body.comments?.[0]).toMatchObject({
      text: '不客气',
      reply_comment: { text: '谢谢' },
    });
    await say('c', 'comment_mention', '看这里');
    await say('c', 'mention', '大家看');
    expect((await api<Timeline>('/2/comments/mentions.json')).body.comments?.map(({ text }) => text)).toEqual([
      '看这里 @我们的微博',
    ]);
    expect((await api<Timeline>('/2/statuses/mentions/other.json')).body.statuses?.map(({ text }) => text)).toEqual([
      '大家看 @我们的微博',
    ]);
  });

  it('keeps media until they expire', async () => {
    await control('say', {
      customer: 'a',
      kind: 'image',
      file: { name: 'a.png', mime: 'image/png', data: 'aGVsbG8=' },
    });
    const { tovfid } = pushed().data as { tovfid: string };
    const got = await call<never>(
      account.config.apiBase ?? '',
      'GET',
      `/2/mss/msget?access_token=${account.config.accessToken}&fid=${tovfid}`,
    );
    expect([got.text, got.headers.get('content-type')]).toEqual(['hello', 'image/png']);
    await control('faults', { fault: 'media_expired' });
    expect((await api<Refused>(`/2/mss/msget?fid=${tovfid}`)).status).toBe(404);
  });

  it('misbehaves as ordered, and only so often; a token that has ended stays so', async () => {
    await say('a', 'text', 'x');
    const codes = async (fault: string) => {
      await control('faults', { fault });
      return [await reply({ text: fault }), await reply({ text: fault })];
    };
    expect(await codes('rate_limited')).toEqual([10023, undefined]);
    expect(await codes('busy')).toEqual([10009, undefined]);
    expect(await codes('banned')).toEqual([20015, undefined]);
    await control('faults', { fault: 'timeout_after_accept' });
    await expect(reply({ text: 'lost' })).rejects.toThrow();
    expect((await sent()).at(-1)?.text).toBe('lost');
    expect(await codes('window_closed')).toEqual([26403, 26403]);
    await control('settings', { callsPerHour: 1 }, 'PUT');
    expect((await api<Refused>('/2/comments/to_me.json')).body.error_code).toBe(10023);
    await control('settings', { callsPerHour: 50_000 }, 'PUT');
    expect(await codes('token_revoked')).toEqual([21327, 21327]);
    account.config.accessToken = 'another';
    expect((await api<Refused>('/2/comments/to_me.json')).body.error_code).toBe(21332);
  });
});
