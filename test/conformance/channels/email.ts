import { uniqueName } from '@huiliu/testing';
import { base64, PDF, PNG } from '../files';
import type { ChannelPlan } from '../plan';
import { type MailboxSide, mailWorld } from '../sides/mailbox';

const NO_PUSHES = 'nothing is pushed: the mailbox is read with its own login';
const NO_WINDOW = 'a mail can be answered at any time, as often as one likes';

export const email: ChannelPlan = {
  channel: 'email',
  world: mailWorld,
  inbound: [
    {
      say: { text: '你好 😀 <b>&amp;</b>', subject: 'Hello' },
      kind: 'email',
      expects: { text: '你好 😀 <b>&amp;</b>', subject: 'Hello' },
    },
    {
      say: { text: 'with a file', file: { name: 'a.pdf', mime: 'application/pdf', data: base64(PDF) } },
      kind: 'email',
      expects: { text: 'with a file', attachments: [{ name: 'a.pdf', size: PDF.length }] },
    },
  ],
  // A mail whose reading failed and whose source could not be kept either.
  neverSaid: ['unsupported'],
  outbound: [
    { content: { kind: 'text', text: '您好 😀' }, shown: { kind: 'text', text: '您好 😀' } },
    { content: { kind: 'image' }, file: { name: 'a.png', mime: 'image/png', bytes: PNG }, shown: { kind: 'file' } },
    {
      content: { kind: 'file' },
      file: { name: 'a.pdf', mime: 'application/pdf', bytes: PDF },
      shown: { kind: 'file' },
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
  modes: [],
  quota: null,
  malformed: async ({ channel }) => {
    const { name, conversation } = await channel.customer(uniqueName('c'));
    const side = channel.side as MailboxSide;
    const bodies = [
      '',
      '\r\n',
      'no header at all',
      `From: ${'a'.repeat(200_000)}\r\n\r\n`,
      `${'X-A: b\r\n'.repeat(20_000)}\r\n`,
      `Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n${'Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n'.repeat(2_000)}`,
      'Content-Type: text/plain; charset=none-such\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%\r\n',
      '\u0000\u0000\u0000',
    ];
    await side.putFiles(...bodies.map((body) => Buffer.from(body)));
    const after = uniqueName('after');
    await channel.say({ customer: name, text: after });
    await channel.holds(conversation, after);
  },
  notApplicable: {
    handshake: NO_PUSHES,
    'forged signature': NO_PUSHES,
    'no signature': NO_PUSHES,
    'signature given twice': NO_PUSHES,
    'truncated body': NO_PUSHES,
    'stale timestamp': NO_PUSHES,
    'signed with another account’s secret': NO_PUSHES,
    're-serialised body under a known signature': NO_PUSHES,
    'another body under a known signature': NO_PUSHES,
    'reordered pushes': 'a mailbox has one order, that of its UIDs',
    'an undeclared kind is refused before it leaves': 'every kind that people can write is taken',
    'a file over the declared size, or of another type, is refused before it leaves':
      'no limits but those of uploads, which are refused before there is a message',
    'a long text is split and nothing of it lost': 'a text of any length that can be written goes as one mail',
    'the token ends in the middle of a burst': 'a mailbox has a password, and no token that ends',
    'closed window': NO_WINDOW,
    'the quota is the platform’s': NO_WINDOW,
    'an expired file leaves its message': 'a mail brings its files with it',
    'unknown event types': 'mail has no events; what is not a mail that can be read is shown as it came',
    'stopped and started while files are fetched: their messages are there': 'a mail brings its files with it',
    recall: 'a mail that was sent cannot be taken back',
    receipts: 'SMTP tells neither that a mail was put into a mailbox nor that it was read; a bounce fails it',
  },
};
