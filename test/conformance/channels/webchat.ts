import { eventually, uniqueName } from '@huiliu/testing';
import { AMR, base64, MP4, PDF, PNG } from '../files';
import type { ChannelPlan } from '../plan';
import { type WebsiteSide, websiteWorld } from '../sides/website';

const NO_CALLS = 'nothing is sent to a platform: visitors read what the inbox has';
const NO_PUSHES = 'a visitor’s post carries a token and no signature over its body; its clientId says what is the same';
const NO_WINDOW = 'a website’s visitor can be answered at any time';

export const webchat: ChannelPlan = {
  channel: 'webchat',
  world: websiteWorld,
  inbound: [
    {
      say: { kind: 'text', text: '你好 😀 <b>&amp;</b>' },
      kind: 'text',
      expects: { text: '你好 😀 <b>&amp;</b>' },
    },
    {
      say: { kind: 'image', file: { name: 'a.png', mime: 'image/png', data: base64(PNG) } },
      kind: 'image',
      expects: { attachment: { mime: 'image/png', size: PNG.length } },
    },
    {
      say: { kind: 'audio', file: { name: 'a.amr', mime: 'audio/amr', data: base64(AMR) } },
      kind: 'audio',
      expects: { attachment: { size: AMR.length } },
    },
    {
      say: { kind: 'video', file: { name: 'a.mp4', mime: 'video/mp4', data: base64(MP4) } },
      kind: 'video',
      expects: { attachment: { size: MP4.length } },
    },
    {
      say: { kind: 'file', file: { name: 'a.pdf', mime: 'application/pdf', data: base64(PDF) } },
      kind: 'file',
      expects: { attachment: { name: 'a.pdf', size: PDF.length } },
    },
    {
      say: { kind: 'location', latitude: 31.2304, longitude: 121.4737, name: '人民广场' },
      kind: 'location',
      expects: { latitude: 31.2304, longitude: 121.4737, name: '人民广场' },
    },
    {
      say: { kind: 'link', title: '标题', url: 'https://a.example/' },
      kind: 'link',
      expects: { title: '标题', url: 'https://a.example/' },
    },
  ],
  outbound: [
    { content: { kind: 'text', text: '您好 😀' }, shown: { kind: 'text', text: '您好 😀' } },
    { content: { kind: 'image' }, file: { name: '图.png', mime: 'image/png', bytes: PNG }, shown: { kind: 'image' } },
    { content: { kind: 'audio' }, file: { name: 'a.amr', mime: 'audio/amr', bytes: AMR }, shown: { kind: 'audio' } },
    { content: { kind: 'video' }, file: { name: 'a.mp4', mime: 'video/mp4', bytes: MP4 }, shown: { kind: 'video' } },
    {
      content: { kind: 'file' },
      file: { name: 'a.pdf', mime: 'application/pdf', bytes: PDF },
      shown: { kind: 'file' },
    },
    {
      content: { kind: 'link', title: 'T', url: 'https://a.example/' },
      shown: { kind: 'link', text: 'T https://a.example/' },
    },
    {
      content: { kind: 'location', latitude: 31.2, longitude: 121.4, name: '门店' },
      shown: { kind: 'location', text: '门店' },
    },
  ],
  modes: [],
  quota: null,
  refusals: { truncated: 400 },
  malformed: async ({ channel }) => {
    const side = channel.side as WebsiteSide;
    const { token } = await side.visitor(uniqueName('c'));
    const post = async (body: string): Promise<number | null> => (await side.post(body, token)).status;
    expect(await post(`"${'x'.repeat(2 * 1024 * 1024)}"`)).toBe(413);
    for (const body of ['', '{', '[]', 'null', '['.repeat(50_000), '{"a":'.repeat(50_000), '\u0000'])
      expect(await post(body)).toBe(400);
    await channel.customer(uniqueName('c'));
  },
  recalls: async ({ channel }) => {
    const { name, conversation } = await channel.customer(uniqueName('c'));
    const { body } = await channel.send(conversation, { kind: 'text', text: '说错了' });
    await channel.ended(conversation, body.id);
    await channel.admin.post(`/conversations/${conversation.id}/messages/${body.id}/recall`);
    const visitor = await (channel.side as WebsiteSide).visitor(name);
    await eventually('the visitor sees it taken back', async () =>
      (await visitor.messages()).some(({ id, recalledAt }) => id === body.id && recalledAt !== null),
    );
  },
  receipts: async ({ channel }) => {
    const { name, conversation } = await channel.customer(uniqueName('c'));
    const page = await (await (channel.side as WebsiteSide).visitor(name)).connect();
    const { body } = await channel.send(conversation, { kind: 'text', text: 'hi' });
    const comesTo = (state: string) =>
      eventually(`it is ${state}`, async () =>
        (await channel.messages(conversation)).some((message) => message.id === body.id && message.state === state),
      );
    await comesTo('delivered');
    page.send({ type: 'read', messageId: body.id });
    await comesTo('read');
    await page.close();
  },
  notApplicable: {
    handshake: 'the surface is our own: nobody proves an address',
    'signature given twice': NO_PUSHES,
    'stale timestamp': NO_PUSHES,
    're-serialised body under a known signature': NO_PUSHES,
    'another body under a known signature': NO_PUSHES,
    'reordered pushes': 'a page sends the next message when the last was accepted',
    'an undeclared kind is refused before it leaves': 'every kind that people can write is taken',
    'a file over the declared size, or of another type, is refused before it leaves':
      'no limits but those of uploads, which are refused before there is a message',
    'a long text is split and nothing of it lost': 'a text of any length that can be written goes as one message',
    'the token ends in the middle of a burst': NO_CALLS,
    'rate limit': NO_CALLS,
    'server error': NO_CALLS,
    busy: NO_CALLS,
    'time-out after accepting is unknown and never resent': NO_CALLS,
    'closed window': NO_WINDOW,
    'the quota is the platform’s': NO_WINDOW,
    banned: NO_CALLS,
    'an expired file leaves its message': 'files are brought before their message is accepted',
    'unknown event types': 'the surface is our own: what it does not know is refused with 400',
  },
};
