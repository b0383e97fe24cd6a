import type { Account, Conversation, Message } from '@huiliu/contracts';
import { eventually, uniqueName } from '@huiliu/testing';
import { type Case, type ChannelPlan, type Scene, textsOf } from '../cases';

/** The smallest PNG there is. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const AMR = Buffer.concat([Buffer.from('#!AMR\n'), Buffer.alloc(64)]);
const base64 = (bytes: Buffer): string => bytes.toString('base64');

/** Says something in public, and waits for the conversation that it makes. */
async function inPublic({ channel }: Scene, kind: string, customer = uniqueName('p')) {
  const text = uniqueName(kind);
  await channel.say({ customer, kind, text });
  const said = (await channel.sandbox<{ items: { text: string }[] }>('GET', `thread?customer=${customer}`)).body;
  const conversation = await channel.conversationWith(said.items.at(-1)?.text ?? text);
  return { customer, text, conversation };
}

async function answer({ channel }: Scene, conversation: Conversation, content: Record<string, unknown>) {
  const sent = await channel.send(conversation, content);
  expect([sent.status, sent.text]).toEqual([201, expect.anything()]);
  return channel.ended(conversation, sent.body.id);
}

/** The conversation of the same person in which private messages stand. */
async function privateOf({ channel }: Scene, conversation: Conversation): Promise<Conversation> {
  return eventually('the private conversation', async () =>
    (await channel.conversations()).find(
      ({ id, contact, lastMessage }) =>
        id !== conversation.id && contact.id === conversation.contact.id && lastMessage !== null,
    ),
  );
}

const OWN: readonly Case[] = [
  {
    name: 'a comment is a conversation of its own and answered under it',
    run: async (scene) => {
      const { channel } = scene;
      const { customer, text, conversation } = await inPublic(scene, 'comment');
      expect(conversation.contact.name).toBe(`粉丝${customer}`);
      const [about, comment] = await channel.messages(conversation);
      expect(about).toMatchObject({
        direction: 'system',
        content: { kind: 'event', text: expect.stringMatching(/^评论了微博：新品上架/) },
      });
      expect(comment).toMatchObject({
        direction: 'inbound',
        content: { text },
        remoteId: expect.stringMatching(/^comment:\d{17,}$/),
      });
      const sent = await answer(scene, conversation, { kind: 'text', text: '谢谢您的评论' });
      expect(sent).toMatchObject({ state: 'sent', remoteId: expect.stringMatching(/^comment:\d{17,}$/) });
      expect((await channel.got(customer)).at(-1)).toMatchObject({ kind: 'comment', text: '谢谢您的评论' });
      // It goes on in the same conversation, and our own answer is not shown again when it comes back in the timeline.
      const more = uniqueName('more');
      await channel.say({ customer, kind: 'comment', text: more });
      await eventually('the next comment', async () => textsOf(await channel.messages(conversation)).includes(more));
      expect(textsOf(await channel.messages(conversation)).slice(1)).toEqual([text, '谢谢您的评论', more]);
      // Private messages of the same person stand elsewhere.
      const { conversation: other } = await channel.customer(customer);
      expect([other.id === conversation.id, other.contact.id]).toEqual([false, conversation.contact.id]);
    },
  },
  {
    name: 'a mention is answered under the post, or privately once',
    run: async (scene) => {
      const { channel } = scene;
      for (const kind of ['mention', 'comment_mention']) {
        const { customer, conversation } = await inPublic(scene, kind);
        expect(await answer(scene, conversation, { kind: 'text', text: `公开回复 ${kind}` })).toMatchObject({
          state: 'sent',
        });
        const inbox = await privateOf(scene, conversation);
        expect(inbox.replyWindow).toMatchObject({ remaining: 1 });
        expect(await answer(scene, inbox, { kind: 'text', text: '私信回复' })).toMatchObject({ state: 'sent' });
        expect(await channel.send(inbox, { kind: 'text', text: '再来一条' })).toMatchObject({ status: 409 });
        expect((await channel.got(customer)).map(({ kind: shown, text }) => [shown, text])).toEqual([
          ['comment', `公开回复 ${kind}`],
          ['text', '私信回复'],
        ]);
      }
    },
  },
  {
    name: 'in public a text is split at 140 characters, and a link is words',
    run: async (scene) => {
      const { channel } = scene;
      const { customer, conversation } = await inPublic(scene, 'comment');
      const text = Array.from({ length: 50 }, (_, n) => `第${n}句话。`).join('');
      expect(await answer(scene, conversation, { kind: 'text', text })).toMatchObject({ state: 'sent' });
      const got = (await channel.got(customer)).map((one) => one.text);
      expect([got.length > 1, got.join('')]).toEqual([true, text]);
      const link = { kind: 'link', title: 'T', url: 'https://a.example/' };
      expect(await answer(scene, conversation, link)).toMatchObject({ state: 'sent' });
      expect((await channel.got(customer)).at(-1)).toMatchObject({ kind: 'comment', text: 'T\nhttps://a.example/' });
    },
  },
  {
    name: 'more comments than a page holds come in order and once',
    run: async (scene) => {
      const { channel } = scene;
      const { customer, conversation, text } = await inPublic(scene, 'comment');
      const texts = Array.from({ length: 130 }, (_, n) => uniqueName(`n${n}`));
      for (const one of texts) await channel.say({ customer, kind: 'comment', text: one });
      const read = async (): Promise<string[]> => {
        const all: Message[] = [];
        for (let before = 1_000_000; before > 1; before = all[0]?.seq ?? 0) {
          const page = await channel.admin.get<{ items: Message[] }>(
            `/conversations/${conversation.id}/messages?before=${before}&limit=100`,
          );
          if (page.items.length === 0) break;
          all.unshift(...page.items);
        }
        return textsOf(all).slice(1);
      };
      await eventually('all of them', async () => (await read()).length >= 131, 30_000);
      expect(await read()).toEqual([text, ...texts]);
    },
  },
  {
    name: 'a token that has ended is told with what to do, and a new one goes on',
    run: async (scene) => {
      const { channel } = scene;
      const { name: customer, conversation } = await channel.customer(uniqueName('c'));
      await channel.fault('token_revoked');
      const text = uniqueName('late');
      const failed = await answer(scene, conversation, { kind: 'text', text });
      expect(failed).toMatchObject({ state: 'failed', error: { kind: 'auth', code: '21327' } });
      const account = await eventually('the account tells', async () => {
        const now = await channel.admin.get<Account>(`/accounts/${channel.account.id}`);
        return now.status.state === 'error' && now;
      });
      expect(account.status.error).toMatch(/重新取得 Access Token.*get a new access token/);
      // What customers write comes in all the same.
      const asked = uniqueName('asked');
      expect(await channel.say({ customer, text: asked })).toMatchObject([{ status: 200 }]);
      await eventually('it is there', async () => textsOf(await channel.messages(conversation)).includes(asked));
      const token = uniqueName('2.00new');
      const saved = await channel.admin.call('PUT', `/accounts/${channel.account.id}`, {
        json: { channel: account.channel, name: account.name, config: { ...account.config, accessToken: token } },
      });
      expect([saved.status, saved.text]).toEqual([200, expect.anything()]);
      await eventually(
        'the account is well again',
        async () => (await channel.admin.get<Account>(`/accounts/${channel.account.id}`)).status.state === 'ok',
        30_000,
      );
      await channel.admin.call('POST', `/conversations/${conversation.id}/messages/${failed.id}/retry`, { json: {} });
      await eventually('sent again', async () =>
        (await channel.messages(conversation)).some(({ id, state }) => id === failed.id && state === 'sent'),
      );
      expect((await channel.got(customer)).map((one) => one.text)).toEqual([text]);
    },
  },
  {
    name: 'an interface that is closed to the app is told, and bars nothing else',
    run: async (scene) => {
      const { channel } = scene;
      await channel.set({ closed: ['/2/statuses/mentions'] });
      const account = await eventually(
        'the account tells',
        async () => {
          const now = await channel.admin.get<Account>(`/accounts/${channel.account.id}`);
          return now.status.state === 'degraded' && now;
        },
        30_000,
      );
      expect(account.status.error).toMatch(/@我的微博.*10014/);
      await inPublic(scene, 'comment');
      await channel.customer(uniqueName('c'));
    },
  },
  {
    name: 'a welcome is the passive reply to a follow, once',
    run: async ({ channel }) => {
      const customer = uniqueName('c');
      await channel.admin.call('PUT', `/accounts/${channel.account.id}`, {
        json: {
          channel: 'weibo',
          name: channel.account.name,
          config: { ...channel.account.config, welcome: '欢迎关注' },
        },
      });
      await eventually('it is said', async () => {
        await channel.happen({ customer: uniqueName('w'), event: 'follow' });
        return (await channel.sandbox<{ items: unknown[] }>('GET', 'sent')).body.items.length > 0;
      });
      await channel.fault('duplicate');
      await channel.happen({ customer, event: 'follow' });
      expect((await channel.got(customer)).map(({ text }) => text)).toEqual(['欢迎关注']);
      await channel.set({ format: 'xml' });
      const other = uniqueName('c');
      await channel.happen({ customer: other, event: 'follow' });
      expect((await channel.got(other)).map(({ text }) => text)).toEqual(['欢迎关注']);
      const { conversation } = await channel.customer(customer);
      expect((await channel.messages(conversation)).map(({ direction, author }) => [direction, author.type])).toEqual([
        ['system', 'system'],
        ['outbound', 'external'],
        ['inbound', 'contact'],
      ]);
    },
  },
];

export const weibo: ChannelPlan = {
  channel: 'weibo',
  inbound: [
    {
      say: { kind: 'text', text: '你好 😀 ]]> <b>&amp;</b>' },
      kind: 'text',
      expects: { text: '你好 😀 ]]> <b>&amp;</b>' },
    },
    {
      say: { kind: 'image', file: { name: 'a.png', mime: 'image/png', data: base64(PNG) } },
      kind: 'image',
      expects: { attachment: { mime: 'image/png', size: PNG.length } },
    },
    {
      say: { kind: 'voice', file: { name: 'a.amr', mime: 'audio/amr', data: base64(AMR) } },
      kind: 'audio',
      expects: { attachment: { size: AMR.length } },
    },
    {
      say: { kind: 'location', latitude: 31.2304, longitude: 121.4737, label: '人民广场' },
      kind: 'location',
      expects: { latitude: 31.2304, longitude: 121.4737, address: '人民广场' },
    },
    {
      event: { event: 'menu_click', key: 'ORDERS' },
      kind: 'event',
      expects: { event: { type: 'menu_click', key: 'ORDERS', platformType: 'click' } },
    },
    { event: { event: 'scan_follow', key: '7' }, kind: 'event', expects: { event: { type: 'scan', key: '7' } } },
    { event: { event: 'unfollow' }, kind: 'event', expects: { event: { type: 'unfollow', key: null } } },
    { say: { kind: 'raw', raw: { type: 'hologram' } }, kind: 'unsupported', expects: { platformType: 'hologram' } },
  ],
  outbound: [
    { content: { kind: 'text', text: '您好 😀 \\u4f60 +&=%' }, shown: { kind: 'text', text: '您好 😀 \\u4f60 +&=%' } },
    {
      content: { kind: 'link', title: 'T', url: 'https://a.example/' },
      shown: { kind: 'articles', text: 'T\nhttps://a.example/' },
    },
    {
      content: { kind: 'location', latitude: 31.2, longitude: 121.4, name: '门店' },
      shown: { kind: 'position', text: '31.2, 121.4' },
    },
  ],
  refused: { kind: 'image', file: { name: 'a.png', mime: 'image/png', bytes: PNG } },
  modes: [
    { name: 'the XML form', settings: { format: 'xml' } },
    { name: 'the standard interface', settings: {}, config: { publicInterface: 'standard' } },
    {
      name: 'the standard interface, where the commercial one is closed',
      settings: { closed: ['/biz.json', '/other.json'] },
    },
    { name: 'the commercial reply interface', settings: {}, config: { replyInterface: 'commercial' } },
  ],
  inMode: async (scene) => {
    const { channel } = scene;
    const { name: customer, conversation } = await channel.customer(uniqueName('c'));
    expect(await channel.say({ customer, text: uniqueName('x'), tamper: 'forged' })).toMatchObject([{ status: 401 }]);
    for (const said of weibo.inbound.slice(0, 4)) await channel.say({ customer, ...said.say });
    await channel.happen({ customer, event: 'menu_click', key: 'ORDERS' });
    const contents = await eventually('all of them', async () => {
      const all = (await channel.messages(conversation)).slice(1).map(({ content }) => content);
      return (
        all.length === 5 && all.every((one) => !['image', 'audio'].includes(one.kind) || 'attachment' in one) && all
      );
    });
    expect(contents).toMatchObject(weibo.inbound.slice(0, 5).map(({ kind, expects }) => ({ kind, ...expects })));
    expect(await answer(scene, conversation, { kind: 'text', text: 'hi' })).toMatchObject({ state: 'sent' });
    const { conversation: comment, customer: fan } = await inPublic(scene, 'comment');
    expect(await answer(scene, comment, { kind: 'text', text: uniqueName('thanks') })).toMatchObject({ state: 'sent' });
    expect(await channel.got(fan)).toHaveLength(1);
  },
  sendPath: 'messages/reply',
  quota: null,
  refusals: { truncated: 400 },
  own: OWN,
  notApplicable: {
    'the token ends in the middle of a burst':
      'a token is long-lived and only a person can get another one: see “a token that has ended is told with what to do”',
    'the quota is the platform’s':
      'within 48 hours one may answer as often as one likes; the single answer to a mention has a case of its own',
    'a file over the declared size, or of another type, is refused before it leaves':
      'no files go out: the interface takes words, links and positions',
    recall: 'the platform can recall neither side’s messages by its interfaces',
    receipts: 'the platform tells neither that a message arrived nor that it was read',
  },
};
