import { eventually, uniqueName } from '@huiliu/testing';
import { textsOf } from '../cases';
import { AMR, base64, MP4, PDF, PNG } from '../files';
import type { ChannelPlan, Scene } from '../plan';

const MINI_PROGRAM = 'customer service of a mini program';

/** Opening the session allows two messages for a minute, a message five; a link is one, and a voice does not go. */
async function miniProgramHolds({ channel }: Scene): Promise<void> {
  const customer = uniqueName('m');
  await channel.happen({ customer, event: 'enter_session', key: 'from=home' });
  const conversation = await eventually('the session', async () => (await channel.conversations())[0], 30_000);
  expect((await channel.admin.conversation(conversation.id)).replyWindow).toMatchObject({ remaining: 2 });
  for (const text of ['welcome', 'what can we do'])
    expect(
      await channel.ended(conversation, (await channel.send(conversation, { kind: 'text', text })).body.id),
    ).toMatchObject({ state: 'sent' });
  expect((await channel.send(conversation, { kind: 'text', text: 'one more' })).status).toBe(409);
  await channel.say({ customer, kind: 'miniprogram', title: '商品' });
  await eventually(
    'five more',
    async () => (await channel.admin.conversation(conversation.id)).replyWindow?.remaining === 5,
  );
  const link = await channel.send(conversation, { kind: 'link', title: 'T', url: 'https://a.example/' });
  expect(await channel.ended(conversation, link.body.id)).toMatchObject({ state: 'sent' });
  const attachment = await channel.upload('a.amr', 'audio/amr', AMR);
  const voice = await channel.send(conversation, { kind: 'audio', attachment: { id: attachment.id } });
  expect(await channel.ended(conversation, voice.body.id)).toMatchObject({
    state: 'failed',
    error: { kind: 'unsupported' },
  });
  expect((await channel.got(customer)).map(({ kind }) => kind)).toEqual(['text', 'text', 'link']);
}

export const wechatOfficial: ChannelPlan = {
  channel: 'wechat-official',
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
      say: { kind: 'voice', recognition: '在吗', file: { name: 'a.amr', mime: 'audio/amr', data: base64(AMR) } },
      kind: 'audio',
      expects: { text: '在吗', attachment: { size: AMR.length } },
    },
    {
      say: { kind: 'video', file: { name: 'a.mp4', mime: 'video/mp4', data: base64(MP4) } },
      kind: 'video',
      expects: { attachment: { size: MP4.length } },
    },
    {
      say: { kind: 'location', latitude: 31.2304, longitude: 121.4737, label: '人民广场' },
      kind: 'location',
      expects: { latitude: 31.2304, longitude: 121.4737, address: '人民广场' },
    },
    {
      say: { kind: 'link', title: '标题', url: 'https://a.example/' },
      kind: 'link',
      expects: { title: '标题', url: 'https://a.example/' },
    },
    { say: { kind: 'miniprogram', title: '商品' }, kind: 'card', expects: { card: 'miniprogram', title: '商品' } },
    {
      event: { event: 'menu_click', key: 'ORDERS' },
      kind: 'event',
      expects: { event: { type: 'menu_click', key: 'ORDERS' } },
    },
    { event: { event: 'scan', key: '7' }, kind: 'event', expects: { event: { type: 'scan', key: '7' } } },
    { say: { kind: 'raw', raw: { MsgType: 'hologram' } }, kind: 'unsupported', expects: { platformType: 'hologram' } },
  ],
  outbound: [
    { content: { kind: 'text', text: '您好 😀 \\u4f60' }, shown: { kind: 'text', text: '您好 😀 \\u4f60' } },
    { content: { kind: 'image' }, file: { name: '图.png', mime: 'image/png', bytes: PNG }, shown: { kind: 'image' } },
    { content: { kind: 'audio' }, file: { name: 'a.amr', mime: 'audio/amr', bytes: AMR }, shown: { kind: 'voice' } },
    { content: { kind: 'video' }, file: { name: 'a.mp4', mime: 'video/mp4', bytes: MP4 }, shown: { kind: 'video' } },
    {
      content: { kind: 'link', title: 'T', url: 'https://a.example/' },
      shown: { kind: 'news', text: 'T\nhttps://a.example/' },
    },
    {
      content: { kind: 'location', latitude: 31.2, longitude: 121.4, name: '门店' },
      shown: { kind: 'text', text: expect.stringMatching(/^门店\nhttps:/) },
    },
  ],
  refused: { kind: 'file', file: { name: 'a.pdf', mime: 'application/pdf', bytes: PDF } },
  modes: [
    { name: 'safe mode, JSON', settings: { format: 'json' } },
    { name: 'compatible mode, XML', settings: { mode: 'compatible' } },
    { name: 'plain mode, XML', settings: { mode: 'plain' }, config: { encodingAesKey: null } },
    { name: 'plain mode, JSON', settings: { mode: 'plain', format: 'json' }, config: { encodingAesKey: null } },
    { name: MINI_PROGRAM, settings: { format: 'json' }, config: { service: 'mini-program' } },
  ],
  inMode: async (scene, mode) => {
    const { channel } = scene;
    if (mode === MINI_PROGRAM) await miniProgramHolds(scene);
    const { name: customer, conversation } = await channel.customer(uniqueName('c'));
    const text = uniqueName('你好');
    expect(await channel.say({ customer, text: uniqueName('x'), tamper: 'forged' })).toMatchObject([{ status: 401 }]);
    expect(await channel.say({ customer, text })).toMatchObject([{ status: 200 }]);
    await eventually('it is there', async () => textsOf(await channel.messages(conversation)).includes(text));
    const sent = await channel.send(conversation, { kind: 'text', text: 'hi' });
    expect(await channel.ended(conversation, sent.body.id)).toMatchObject({ state: 'sent' });
  },
  sendPath: 'message/custom/send',
  quota: 5,
  notApplicable: {
    recall: 'the platform can recall neither side’s messages',
    receipts: 'the platform tells neither that a message arrived nor that it was read',
  },
};
