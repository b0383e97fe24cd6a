import { createServer } from 'node:net';
import { createTransport } from 'nodemailer';
import { ImapFlow } from 'imapflow';
import { call, eventually } from '@huiliu/testing';
import { SandboxApp } from '../testing/sandbox-app';

interface Mail {
  id: number;
  folder: string;
  thread: number;
  messageId: string;
  inReplyTo: string | null;
  references: string[];
  subject: string;
  text: string;
  html: string | null;
  from: { name: string; address: string };
  cc: { address: string }[];
  attachments: { name: string; size: number }[];
}
interface Server {
  host: string;
  smtpPort: number;
  imapPort: number;
  password: string;
  problems: unknown[];
}

const SHOP = 'service@shanye.example';
const CHEN = 'chen@customer.example';

describe("the sandbox's mail page", () => {
  let app: SandboxApp;
  let server: Server;
  beforeAll(async () => {
    app = await SandboxApp.start();
    server = await app.get<Server>('mail/server');
  });
  afterAll(() => app.stop());

  const mailsOf = async (address: string, more = ''): Promise<Mail[]> =>
    (await app.get<{ items: Mail[] }>(`mail/mails?address=${encodeURIComponent(address)}${more}`)).items;
  const transport = () => {
    const { host, smtpPort: port, password: pass } = server;
    return createTransport({ host, port, auth: { user: SHOP, pass } });
  };

  it('sends a mail that a real client finds in the mailbox of the shop, and keeps a copy', async () => {
    const from = { name: '陈静', address: CHEN };
    const sent = await app.post<{ id: number; messageId: string }>('mail/send', {
      from,
      to: [SHOP],
      cc: ['wang@customer.example'],
      subject: '羽绒服还有货吗？',
      text: '你好',
      html: '<p>你好</p>',
    });
    const auth = { user: SHOP, pass: server.password };
    const client = new ImapFlow({ host: server.host, port: server.imapPort, secure: false, auth, logger: false });
    await client.connect();
    await client.mailboxOpen('INBOX');
    const [mail] = await client.fetchAll('*', { envelope: true });
    expect(mail?.envelope).toMatchObject({ subject: '羽绒服还有货吗？', messageId: sent.messageId, from: [from] });
    await client.logout();
    expect(await mailsOf(CHEN)).toMatchObject([{ id: sent.id, folder: 'sent', text: '你好', html: '<p>你好</p>' }]);
    expect(await mailsOf('wang@customer.example')).toMatchObject([{ folder: 'inbox', from, cc: [{}] }]);
  });

  it('shows the answer in its thread, and answers it with the whole chain', async () => {
    const [first] = await mailsOf(CHEN);
    const messageId = `<${first?.messageId}>`;
    const more = { inReplyTo: messageId, references: [messageId] };
    const answer = await transport().sendMail({ from: SHOP, to: CHEN, subject: 'Re: x', text: '有的', ...more });
    const [reply] = await mailsOf(CHEN, `&after=${first?.id}`);
    expect(reply).toMatchObject({ folder: 'inbox', thread: first?.id, subject: 'Re: x' });
    const again = { from: { address: CHEN }, to: [SHOP], subject: 'Re: x', text: '谢谢', answers: reply?.id };
    await app.post('mail/send', again);
    const last = (await mailsOf(CHEN)).at(-1);
    expect(last).toMatchObject({ thread: first?.id, inReplyTo: answer.messageId.slice(1, -1) });
    expect(last?.references).toEqual([first?.messageId, answer.messageId.slice(1, -1)]);
  });

  it('never takes mails for one thread by their subject', async () => {
    await app.post('mail/send', { from: { address: 'li@customer.example' }, to: [SHOP], subject: 'Re: x' });
    await transport().sendMail({ from: SHOP, to: 'li@customer.example', subject: 'Re: x', text: 'x' });
    const [one, two] = await mailsOf('li@customer.example');
    expect(one?.thread).not.toBe(two?.thread);
  });

  it('takes files along, byte for byte, and gives the source', async () => {
    const bytes = Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 256));
    const form = new FormData();
    form.set('file', new Blob([bytes]), '尺码.bin');
    const upload = await fetch(`${app.url}/sandbox/api/mail/attachments`, { method: 'POST', body: form });
    const { id } = (await upload.json()) as { id: string };
    const from = { address: 'zhao@customer.example' };
    await app.post('mail/send', { from, to: [SHOP], subject: '附件', text: 'x', attachments: [id] });
    const [mail] = await mailsOf(from.address);
    expect(mail?.attachments).toEqual([expect.objectContaining({ name: '尺码.bin', size: 5000 })]);
    const read = async (path: string): Promise<Buffer> => {
      const url = `${app.url}/sandbox/api/mail/mails/${mail?.id}/${path}?address=${from.address}`;
      return Buffer.from(await (await fetch(url)).arrayBuffer());
    };
    expect(await read('attachments/0')).toEqual(bytes);
    expect((await read('source')).toString()).toContain('From: zhao@customer.example\r\n');
  });

  it('delivers a mail as it is', async () => {
    const source = Buffer.from(
      'Subject: =?gb2312?B?xOO6ww==?=\r\nContent-Type: text/plain; charset=gb2312\r\n\r\n\xc4\xe3',
      'latin1',
    );
    await app.post('mail/raw', { from: '', to: ['raw@customer.example'], source: source.toString('base64') });
    expect(await mailsOf('raw@customer.example')).toMatchObject([{ subject: '你好', text: '你' }]);
  });

  it('says what is wrong with what it is asked', async () => {
    const mail = { from: { address: CHEN }, to: [SHOP], text: 'x' };
    for (const wrong of [
      { ...mail, to: [] },
      { ...mail, to: ['nobody'] },
      { ...mail, subject: 'a\r\nBcc: x@y.example' },
      { ...mail, answers: 999_999 },
      { ...mail, attachments: ['unknown'] },
      { ...mail, from: { name: 'x', address: 'a b@c.example' } },
    ])
      expect(await app.post('mail/send', wrong, 400)).toMatchObject({ error: { code: 'invalid' } });
    const get = async (path: string) => (await call(app.url, 'GET', `/sandbox/api/mail/${path}`)).status;
    expect(await get('mails?address=x')).toBe(400);
    expect(await get(`mails/999999/source?address=${CHEN}`)).toBe(404);
    expect(await get(`mails/../source?address=${CHEN}`)).toBe(404);
  });

  it('offers the accounts whose mailbox is here, and says how to make one', async () => {
    const pages = async () => {
      const { items } = await app.get<{ items: { channel: string; help: { en: string }; accounts: object[] }[] }>(
        'channels',
      );
      return items.find(({ channel }) => channel === 'email');
    };
    expect((await pages())?.help.en).toContain(`127.0.0.1:${server.imapPort}`);
    const imap = { host: server.host, port: server.imapPort, secure: false, user: SHOP, pass: 'enc:x' };
    await app.configure('email', { address: 'real@shop.example', imap: { ...imap, host: 'imap.shop.example' } });
    const id = await app.configure('email', { address: SHOP, imap });
    await eventually('the account is offered', async () => (await pages())?.accounts.length === 1);
    expect((await pages())?.accounts).toEqual([
      { id, name: 'Shop', page: `./mail.html?account=${id}&to=service%40shanye.example` },
    ]);
  });
});

describe('the ports of the mail server', () => {
  it('that are taken are told of, and taken once they are free', async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) =>
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port)),
    );
    const app = await SandboxApp.start({ SANDBOX_IMAP_PORT: String(port) });
    try {
      const problems = async () => (await app.get<Server>('mail/server')).problems;
      expect(await problems()).toEqual([{ port, key: 'SANDBOX_IMAP_PORT' }]);
      await new Promise((resolve) => other.close(resolve));
      await eventually('the port is used', async () => (await problems()).length === 0, 15_000);
    } finally {
      await app.stop();
    }
  }, 30_000);

  it('are not there in production', async () => {
    const key = Buffer.alloc(32, 1).toString('base64');
    const app = await SandboxApp.start({ NODE_ENV: 'production', HUILIU_MASTER_KEY: key, HOST: '127.0.0.1' });
    try {
      expect(await app.get('mail/server')).toMatchObject({ smtpPort: 0, imapPort: 0, problems: [] });
    } finally {
      await app.stop();
    }
  });
});
