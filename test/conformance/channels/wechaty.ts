import { eventually, uniqueName } from '@huiliu/testing';
import { type ChannelPlan, type Scene, textsOf } from '../cases';

/** The smallest PNG there is. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const MP3 = Buffer.concat([Buffer.from('ID3'), Buffer.alloc(64)]);
const MP4 = Buffer.concat([Buffer.from('000000206674797069736f6d0000020069736f6d69736f32', 'hex'), Buffer.alloc(64)]);
const PDF = Buffer.from('%PDF-1.4\n%%EOF\n');
const base64 = (bytes: Buffer): string => bytes.toString('base64');

const UNSIGNED = 'nothing is pushed by HTTP: messages come over the connection that we hold to the puppet service';
const NOT_REPEATED =
  'a puppet service is told of nothing and repeats nothing: what it says in the moment of a crash is on the phone only';
const NO_CODE = 'the puppet tells no code for it';

/** A group is one conversation, and every message in it has the name of who spoke. */
async function groupHolds({ channel }: Scene): Promise<void> {
  const [topic, anna, ben] = [uniqueName('群'), uniqueName('anna'), uniqueName('ben')];
  const [first, second] = [uniqueName('谁要'), uniqueName('我要')];
  await channel.say({ customer: anna, text: first, raw: { room: topic } });
  await channel.say({ customer: ben, text: second, raw: { room: topic } });
  const conversation = await channel.conversationWith(second);
  expect(conversation.contact.name).toBe(topic);
  const messages = await channel.messages(conversation);
  expect(messages.map(({ author, content }) => [author.name, content.text])).toEqual([
    [anna, first],
    [ben, second],
  ]);
  const sent = await channel.send(conversation, { kind: 'text', text: '都有' });
  expect(await channel.ended(conversation, sent.body.id)).toMatchObject({ state: 'sent' });
  expect((await channel.got(anna)).map(({ text }) => text)).toEqual(['都有']);
}

/** What is written on the phone stands there as one of us; what we sent comes back and is not shown twice. */
async function phoneHolds({ channel }: Scene): Promise<void> {
  const { name, conversation } = await channel.customer(uniqueName('c'));
  const sent = await channel.send(conversation, { kind: 'text', text: '在的' });
  const { remoteId } = await channel.ended(conversation, sent.body.id);
  expect(remoteId).toMatch(/^\d{19}$/);
  await channel.say({ customer: name, text: '我打给你', raw: { phone: 1 } });
  await channel.say({ customer: name, text: '好' });
  const messages = await eventually('the last one', async () => {
    const all = await channel.messages(conversation);
    return textsOf(all).includes('好') && all;
  });
  expect(messages.slice(1).map(({ author, content }) => [author.type, content.text])).toEqual([
    ['agent', '在的'],
    ['external', '我打给你'],
    ['contact', '好'],
  ]);
}

/** Both sides can take a message back. */
async function recallsHold({ channel }: Scene): Promise<void> {
  const { name, conversation } = await channel.customer(uniqueName('c'));
  await channel.happen({ customer: name, event: 'recall' });
  await eventually('theirs is recalled', async () => (await channel.messages(conversation))[0]?.recalledAt != null);
  const sent = await channel.send(conversation, { kind: 'text', text: '发错了' });
  await channel.ended(conversation, sent.body.id);
  const path = `/conversations/${conversation.id}/messages/${sent.body.id}/recall`;
  expect((await channel.admin.call('POST', path)).status).toBe(200);
  await eventually('ours is recalled', async () => (await channel.messages(conversation))[1]?.recalledAt != null);
  expect((await channel.got(name)).map(({ kind }) => kind)).toEqual(['recalled']);
}

/** Messages that were taken outlive the process that was fetching their files, and are there once. */
async function takenStays({ channel }: Scene): Promise<void> {
  const { name, conversation } = await channel.customer(uniqueName('c'));
  const file = { name: 'a.png', mime: 'image/png', data: base64(PNG) };
  const pictures = async () => (await channel.messages(conversation)).filter(({ content }) => content.kind === 'image');
  for (let n = 0; n < 3; n++) {
    // The puppet does not have them now, so that they are still tried for when the process ends.
    await channel.fault('media_expired');
    await channel.say({ customer: name, kind: 'image', file });
  }
  const before = await eventually('all are taken', async () => {
    const all = await pictures();
    return all.length === 3 && all;
  });
  await channel.system.kill(channel.system.apps()[0] as string);
  await channel.system.restart();
  await channel.ready();
  const after = uniqueName('after');
  await channel.say({ customer: name, text: after });
  await channel.holds(conversation, after);
  expect((await pictures()).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
}

/** A lost login is an alarm; what is sent meanwhile waits, and goes out once when somebody has scanned again. */
async function loginHolds({ channel }: Scene): Promise<void> {
  const { name, conversation } = await channel.customer(uniqueName('c'));
  const status = async () =>
    (
      await channel.admin.get<{ status: { state: string; login: { stage: string; qr: string | null } | null } }>(
        `/accounts/${channel.account.id}`,
      )
    ).status;
  await channel.happen({ customer: name, event: 'logout' });
  const alarm = await eventually('the alarm, with a new code', async () => {
    const now = await status();
    return now.state === 'error' && now.login?.stage === 'waiting' && now;
  });
  expect(alarm.login?.qr).toMatch(/^https:/);
  const text = uniqueName('while it is away');
  const sent = await channel.send(conversation, { kind: 'text', text });
  await channel.happen({ customer: name, event: 'login' });
  await eventually('it is well', async () => (await status()).login?.stage === 'logged_in');
  expect(await channel.ended(conversation, sent.body.id)).toMatchObject({ state: 'sent', error: null });
  expect((await channel.got(name)).map((one) => one.text)).toEqual([text]);
}

/** A personal WeChat behind wechaty-puppet-service, whose phone wechaty-puppet-mock plays. */
export const wechaty: ChannelPlan = {
  channel: 'wechaty',
  inbound: [
    { say: { kind: 'text', text: '你好 😀 <b>&amp;</b>' }, kind: 'text', expects: { text: '你好 😀 <b>&amp;</b>' } },
    {
      say: { kind: 'image', file: { name: 'a.png', mime: 'image/png', data: base64(PNG) } },
      kind: 'image',
      expects: { attachment: { mime: 'image/png', size: PNG.length } },
    },
    {
      say: { kind: 'voice', file: { name: 'a.mp3', mime: 'audio/mpeg', data: base64(MP3) } },
      kind: 'audio',
      expects: { attachment: { size: MP3.length } },
    },
    {
      say: { kind: 'video', file: { name: 'a.mp4', mime: 'video/mp4', data: base64(MP4) } },
      kind: 'video',
      expects: { attachment: { size: MP4.length } },
    },
    {
      say: {
        kind: 'raw',
        raw: { type: 'file' },
        file: { name: '合同.pdf', mime: 'application/pdf', data: base64(PDF) },
      },
      kind: 'file',
      expects: { attachment: { name: '合同.pdf', mime: 'application/pdf', size: PDF.length } },
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
      say: { kind: 'raw', raw: { type: 'sticker' }, file: { name: 's.gif', mime: 'image/gif', data: base64(PNG) } },
      kind: 'sticker',
      expects: {},
    },
    { say: { kind: 'raw', raw: { type: 'contact' }, title: 'lily' }, kind: 'contact', expects: { name: 'lily' } },
    {
      say: { kind: 'raw', raw: { type: 'note' }, text: '你邀请 ben 加入了群聊' },
      kind: 'event',
      expects: { text: '你邀请 ben 加入了群聊' },
    },
    { say: { kind: 'raw', raw: { type: 'transfer' } }, kind: 'unsupported', expects: { text: '[转账]' } },
  ],
  outbound: [
    { content: { kind: 'text', text: '您好 😀' }, shown: { kind: 'text', text: '您好 😀' } },
    { content: { kind: 'image' }, file: { name: '图.png', mime: 'image/png', bytes: PNG }, shown: { kind: 'image' } },
    { content: { kind: 'audio' }, file: { name: 'a.mp3', mime: 'audio/mpeg', bytes: MP3 }, shown: { kind: 'voice' } },
    { content: { kind: 'video' }, file: { name: 'a.mp4', mime: 'video/mp4', bytes: MP4 }, shown: { kind: 'video' } },
    {
      content: { kind: 'file' },
      file: { name: 'a.pdf', mime: 'application/pdf', bytes: PDF },
      shown: { kind: 'file', body: 'a.pdf' },
    },
    {
      content: { kind: 'link', title: 'T', url: 'https://a.example/' },
      shown: { kind: 'text', text: 'T\nhttps://a.example/' },
    },
    {
      content: { kind: 'location', latitude: 31.2, longitude: 121.4, name: '门店' },
      shown: { kind: 'text', text: expect.stringMatching(/^门店\nhttps:/) },
    },
  ],
  refused: { kind: 'image', file: { name: 'a.pdf', mime: 'application/pdf', bytes: PDF } },
  modes: [
    { name: 'a group is one conversation, and says who spoke', settings: {} },
    { name: 'what is written on the phone, and echoes', settings: {} },
    { name: 'a lost login is an alarm and loses nothing', settings: {} },
  ],
  inMode: (scene, name) => {
    const holds: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
      'a group is one conversation, and says who spoke': groupHolds,
      'what is written on the phone, and echoes': phoneHolds,
      'a lost login is an alarm and loses nothing': loginHolds,
    };
    return (holds[name] as (scene: Scene) => Promise<void>)(scene);
  },
  recalls: recallsHold,
  own: [{ name: 'stopped and started while files are fetched: what was taken stays', run: takenStays }],
  sendPath: '',
  quota: null,
  notApplicable: {
    'forged signature': UNSIGNED,
    'no signature': UNSIGNED,
    'signature given twice': UNSIGNED,
    'truncated body': UNSIGNED,
    'stale timestamp': UNSIGNED,
    'signed with another account’s secret': UNSIGNED,
    're-serialised body under a known signature': UNSIGNED,
    'another body under a known signature': UNSIGNED,
    'malformed, oversized and deep bodies': UNSIGNED,
    'the token ends in the middle of a burst':
      'the token of a puppet service does not end; one that is refused is an error of the account',
    'server error': NO_CODE,
    busy: NO_CODE,
    'closed window': 'friends may always write',
    'the quota is the platform’s': 'friends may always write',
    'stopped and started in the middle': NOT_REPEATED,
    'stopped and started while files are fetched: their messages are there': NOT_REPEATED,
    receipts: 'WeChat tells neither that a message arrived nor that it was read',
  },
};
