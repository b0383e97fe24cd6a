import type { Message } from '@huiliu/contracts';
import { eventually, uniqueName } from '@huiliu/testing';
import { answered, type ChannelPlan, textsOf } from '../cases';
import type { Channel } from '../customer';

/** The smallest PNG there is. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const AMR = Buffer.concat([Buffer.from('#!AMR\n'), Buffer.alloc(64)]);
const MP4 = Buffer.concat([Buffer.from('000000206674797069736f6d0000020069736f6d69736f32', 'hex'), Buffer.alloc(64)]);
const PDF = Buffer.from('%PDF-1.4\n%%EOF\n');
const base64 = (bytes: Buffer): string => bytes.toString('base64');
const item = (msgtype: string, said: object) => ({ kind: 'raw', json: { msgtype, [msgtype]: said } });

/** Waits for a message of the conversation. */
function seen(
  channel: Channel,
  conversation: { id: string },
  what: string,
  is: (message: Message) => boolean,
): Promise<Message> {
  return eventually(what, async () => (await channel.admin.messages(conversation.id)).find(is), 30_000);
}

/** The session's state at the platform. */
async function stateOf(channel: Channel, customer: string): Promise<number | undefined> {
  const thread = await channel.sandbox<{ about: { serviceState: number } | null }>(
    'GET',
    `thread?customer=${customer}`,
  );
  return thread.body.about?.serviceState;
}

export const wecomKf: ChannelPlan = {
  channel: 'wecom-kf',
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
      say: { kind: 'video', file: { name: 'a.mp4', mime: 'video/mp4', data: base64(MP4) } },
      kind: 'video',
      expects: { attachment: { size: MP4.length } },
    },
    {
      say: { kind: 'file', file: { name: '合同.pdf', mime: 'application/pdf', data: base64(PDF) } },
      kind: 'file',
      expects: { attachment: { name: '合同.pdf', size: PDF.length } },
    },
    {
      say: { kind: 'location', latitude: 31.2304, longitude: 121.4737, label: '人民广场' },
      kind: 'location',
      expects: { latitude: 31.2304, longitude: 121.4737, name: '人民广场' },
    },
    {
      say: { kind: 'link', title: '标题', url: 'https://a.example/' },
      kind: 'link',
      expects: { title: '标题', url: 'https://a.example/' },
    },
    { say: { kind: 'miniprogram', title: '商品' }, kind: 'card', expects: { card: 'miniprogram', title: '商品' } },
    {
      say: item('channels_shop_order', { order_id: '9223372036854775807', product_titles: '羽绒服', state: '待付款' }),
      kind: 'card',
      expects: { card: 'order', title: '羽绒服', fields: { order_id: '9223372036854775807' } },
    },
    { say: item('business_card', { userid: 'lisi' }), kind: 'contact', expects: { name: 'lisi' } },
    {
      say: item('msgmenu', { head_content: '选择', list: [{ type: 'click', click: { id: '1', content: '订单' } }] }),
      kind: 'menu',
      expects: { text: '选择', items: [{ id: '1', text: '订单' }] },
    },
    {
      event: { event: 'enter_session', key: 'shop' },
      kind: 'event',
      expects: { event: { type: 'enter_session', key: 'shop' } },
    },
    { say: item('hologram', {}), kind: 'unsupported', expects: { platformType: 'hologram' } },
  ],
  outbound: [
    { content: { kind: 'text', text: '您好 😀 \\u4f60' }, shown: { kind: 'text', text: '您好 😀 \\u4f60' } },
    { content: { kind: 'image' }, file: { name: '图.png', mime: 'image/png', bytes: PNG }, shown: { kind: 'image' } },
    { content: { kind: 'audio' }, file: { name: 'a.amr', mime: 'audio/amr', bytes: AMR }, shown: { kind: 'voice' } },
    { content: { kind: 'video' }, file: { name: 'a.mp4', mime: 'video/mp4', bytes: MP4 }, shown: { kind: 'video' } },
    {
      content: { kind: 'file' },
      file: { name: '合同.pdf', mime: 'application/pdf', bytes: PDF },
      shown: { kind: 'file' },
    },
    {
      content: { kind: 'link', title: 'T', url: 'https://a.example/' },
      shown: { kind: 'link', text: 'T\nhttps://a.example/' },
    },
    {
      content: { kind: 'location', latitude: 31.2, longitude: 121.4, name: '门店' },
      shown: { kind: 'location', text: '门店' },
    },
  ],
  refused: {
    kind: 'image',
    file: { name: 'a.gif', mime: 'image/gif', bytes: Buffer.from('GIF89a\x01\x00\x01\x00\x00\x00\x00;') },
  },
  modes: [
    { name: 'pages of two, with empty ones between', settings: { pageSize: 2, emptyPages: 3 } },
    { name: 'tokens of callbacks that have ended', settings: { syncTokenSeconds: 0.001 } },
  ],
  inMode: async ({ channel }) => {
    const { name: customer, conversation } = await channel.customer(uniqueName('c'));
    const texts = Array.from({ length: 7 }, (_, n) => uniqueName(`n${n}`));
    for (const text of texts) expect(await channel.say({ customer, text })).toMatchObject([{ status: 200 }]);
    await seen(channel, conversation, 'the last of them', ({ content }) => content.text === texts[6]);
    expect(textsOf(await channel.messages(conversation)).slice(1)).toEqual(texts);
    const sent = await channel.send(conversation, { kind: 'text', text: 'hi' });
    expect(await channel.ended(conversation, sent.body.id)).toMatchObject({ state: 'sent' });
  },
  // The customer alone: the interface has no recall of what it sent.
  recalls: async ({ channel }) => {
    const { name: customer, conversation } = await channel.customer(uniqueName('c'));
    await channel.happen({ customer, event: 'recall' });
    await seen(channel, conversation, 'the mark', ({ recalledAt }) => recalledAt !== null);
    expect(await channel.messages(conversation)).toHaveLength(1);
  },
  sendPath: 'kf/send_msg',
  quota: 5,
  servicer: 'zhangsan',
  pulls: true,
  own: [
    {
      name: 'time-out after accepting is repeated under the same id and arrives once',
      run: async (scene) => {
        const { message, times } = await answered(scene, () => scene.channel.fault('timeout_after_accept'));
        expect([message.state, message.error, await times()]).toEqual(['sent', null, 1]);
      },
    },
    {
      name: 'the welcome is sent within its 20 s',
      run: async ({ channel }) => {
        const customer = uniqueName('c');
        await channel.admin.put(`/accounts/${channel.account.id}`, {
          name: channel.account.name,
          config: { ...channel.account.config, welcomeText: '欢迎光临' },
        });
        await channel.ready();
        await channel.happen({ customer, event: 'enter_session', key: 'shop' });
        const conversation = await channel.conversationWith('欢迎光临');
        expect(await channel.got(customer)).toMatchObject([{ kind: 'text', text: '欢迎光临' }]);
        // One who comes back within two days has no code.
        await channel.happen({ customer, event: 'enter_session', key: 'shop' });
        await channel.say({ customer, text: 'hi' });
        await seen(channel, conversation, 'what followed', ({ content }) => content.text === 'hi');
        expect(await channel.got(customer)).toHaveLength(1);
      },
    },
    {
      name: 'a callback that is lost loses nothing',
      run: async ({ channel }) => {
        const { name: customer, conversation } = await channel.customer(uniqueName('c'));
        const [lost, later] = [uniqueName('lost'), uniqueName('later')];
        await channel.fault('wrong_signature');
        expect(await channel.say({ customer, text: lost })).toMatchObject([{ status: 401, tries: 1 }]);
        await channel.say({ customer, text: later });
        await seen(channel, conversation, 'the later one', ({ content }) => content.text === later);
        expect(textsOf(await channel.messages(conversation)).slice(1)).toEqual([lost, later]);
      },
    },
    {
      name: 'what a servicer answers in the platform’s own tool is shown as external',
      run: async ({ channel }) => {
        const { name: customer, conversation } = await channel.customer(uniqueName('c'));
        const text = uniqueName('elsewhere');
        await channel.happen({ customer, event: 'servicer_answers', key: text });
        const message = await seen(channel, conversation, 'it', ({ content }) => content.text === text);
        expect(message).toMatchObject({ direction: 'outbound', author: { type: 'external', name: 'zhangsan' } });
        // The servicer has the session now: the platform lets nothing of ours through, and says so.
        const sent = await channel.send(conversation, { kind: 'text', text: 'too late' });
        expect(await channel.ended(conversation, sent.body.id)).toMatchObject({
          state: 'failed',
          error: { kind: 'rejected', code: '95018', message: expect.stringContaining('zhangsan') },
        });
      },
    },
    {
      name: 'what fails after it was taken is shown as failed, and sent again under another id',
      run: async ({ channel }) => {
        const { name: customer, conversation } = await channel.customer(uniqueName('c'));
        const { body } = await channel.send(conversation, { kind: 'text', text: 'x' });
        await channel.ended(conversation, body.id);
        await channel.happen({ customer, event: 'send_fails', key: '10' });
        const failed = await seen(channel, conversation, 'failed', ({ state }) => state === 'failed');
        expect(failed).toMatchObject({ id: body.id, error: { kind: 'rejected', code: 'fail_type_10' } });
        await channel.admin.call('POST', `/conversations/${conversation.id}/messages/${body.id}/retry`, { json: {} });
        await seen(channel, conversation, 'sent again', ({ id, state }) => id === body.id && state === 'sent');
        expect(await channel.got(customer)).toHaveLength(1);
      },
    },
    {
      name: 'the session follows who serves the conversation',
      run: async ({ channel }) => {
        const { name: customer, conversation } = await channel.customer(uniqueName('c'));
        expect(await stateOf(channel, customer)).toBe(0);
        await channel.admin.post(`/conversations/${conversation.id}/assign`, { agentId: channel.admin.me.id });
        await eventually('it is ours', async () => (await stateOf(channel, customer)) === 1);
        const { body } = await channel.send(conversation, { kind: 'text', text: 'bye' });
        // At once: what was written before is sent before.
        await channel.admin.post(`/conversations/${conversation.id}/resolve`, {});
        await eventually('it has ended', async () => (await stateOf(channel, customer)) === 4, 20_000);
        expect(await channel.ended(conversation, body.id)).toMatchObject({ state: 'sent' });
        await channel.say({ customer, text: 'again' });
        expect(await stateOf(channel, customer)).toBe(0);
      },
    },
    {
      name: 'a conversation is handed to a servicer, who has it until they end it',
      run: async ({ channel }) => {
        const { name: customer, conversation } = await channel.customer(uniqueName('c'));
        const path = `/conversations/${conversation.id}`;
        const { body: list } = await channel.admin.call<{ items: unknown[] }>('GET', `${path}/servicers`);
        expect(list.items).toEqual([
          { id: 'zhangsan', name: 'zhangsan', available: true },
          { id: 'lisi', name: 'lisi', available: false },
        ]);
        await channel.admin.post(`${path}/assign`, { agentId: channel.admin.me.id });
        const line = (step: string) =>
          seen(channel, conversation, step, ({ content }) => 'event' in content && content.event.platformType === step);
        await channel.admin.post(`${path}/handover`, { servicerId: 'lisi' });
        expect(await line('handover_failed')).toMatchObject({
          direction: 'system',
          error: { kind: 'rejected', code: '95014' },
        });
        // What is written before is sent before.
        const { body: before } = await channel.send(conversation, { kind: 'text', text: 'one moment' });
        await channel.admin.post(`${path}/handover`, { servicerId: 'zhangsan' });
        expect(await line('handed_over')).toMatchObject({ error: null, content: { event: { key: 'zhangsan' } } });
        expect(await channel.ended(conversation, before.id)).toMatchObject({ state: 'sent' });
        expect(await stateOf(channel, customer)).toBe(3);
        const { body: after } = await channel.send(conversation, { kind: 'text', text: 'too late' });
        expect(await channel.ended(conversation, after.id)).toMatchObject({
          state: 'failed',
          error: { code: '95018' },
        });
        const text = uniqueName('theirs');
        await channel.happen({ customer, event: 'servicer_answers', key: text });
        expect(await seen(channel, conversation, 'theirs', ({ content }) => content.text === text)).toMatchObject({
          direction: 'outbound',
          author: { type: 'external', name: 'zhangsan' },
        });
        await channel.happen({ customer, event: 'session_ends' });
        await channel.say({ customer, text: 'again' });
        const { body: again } = await channel.send(conversation, { kind: 'text', text: 'ours' });
        expect(await channel.ended(conversation, again.id)).toMatchObject({ state: 'sent' });
      },
    },
  ],
  notApplicable: {
    'time-out after accepting is unknown and never resent': 'the platform takes each id once: see the case of its own',
    receipts: 'the platform tells only that a message did not arrive: see the case of its own',
  },
};
