import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { newId } from '@huiliu/platform';
import { eventually, MailServer, SmtpSink, uniqueName } from '@huiliu/testing';
import { SMTPServer } from 'smtp-server';
import { EmailApp } from './testing/email-app';

jest.setTimeout(60_000);

const mail = (id: string, over: { headers?: string[]; body?: string; from?: string } = {}): string =>
  [
    `Message-ID: ${id}`,
    `From: ${over.from ?? '王芳 <Wang@Customer.example>'}`,
    'To: support@shop.example',
    'Subject: hello',
    'Date: Mon, 23 Nov 2026 12:00:00 +0800',
    ...(over.headers ?? ['Content-Type: text/plain; charset=utf-8']),
    '',
    over.body ?? '您好',
  ].join('\r\n');

describe('the mail connector', () => {
  let server: MailServer;
  let sink: SmtpSink;
  let app: EmailApp;
  beforeAll(async () => {
    [server, sink, app] = await Promise.all([MailServer.start(), SmtpSink.start(), EmailApp.start()]);
  });
  afterAll(async () => {
    await app.stop();
    await Promise.all([server.stop(), sink.stop()]);
  });
  beforeEach(() => (sink.script = {}));
  const open = async (config?: Record<string, unknown>) => {
    const user = uniqueName('box');
    return { user, id: await app.mailbox(server, sink, user, config) };
  };

  it('tells a mail with its sender, its thread, its files and its source', async () => {
    const { user, id } = await open();
    const source = mail('<m1@c.example>', {
      headers: [
        'In-Reply-To: <before@c.example>',
        'References: <first@c.example> <before@c.example>',
        'Content-Type: multipart/mixed; boundary=b',
      ],
      body: '--b\r\n\r\ntext\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n%PDF\r\n--b--\r\n',
    });
    await server.deliver(user, source);
    const shown = await app.shown(id, '<m1@c.example>');
    expect(shown).toMatchObject({
      remoteConversationId: '<m1@c.example>',
      direction: 'inbound',
      contact: { remoteId: 'wang@customer.example', name: '王芳', verified: false },
      sentAt: '2026-11-23T04:00:00.000Z',
      thread: { references: ['<before@c.example>', '<first@c.example>'] },
      content: { kind: 'email', text: 'text', attachments: [{ name: 'a.pdf' }], source: { name: 'message.eml' } },
    });
    const [kept] = [...app.inbox.files.values()].filter(({ name }) => name === 'message.eml').slice(-1);
    expect(kept?.uploader).toBe(id);
    expect(kept?.bytes.toString()).toBe(source);
  });

  it('knows the conversation by the ids and the addresses that it made itself', async () => {
    const { user, id } = await open({ plusAddressing: true });
    const conversationId = newId();
    const sent = await app.send(id, { conversationId });
    expect(sent).toMatchObject({ state: 'accepted', remoteId: expect.stringMatching(/@shop\.example>$/) as string });
    const replyTo = /^Reply-To: [^<]*<(support\+[^@>]+@shop\.example)>/im.exec(
      sink.mails.find((one) => one.user === user)?.source.toString() ?? '',
    )?.[1];
    await server.deliver(user, mail('<r1@c.example>', { headers: [`In-Reply-To: ${sent.remoteId}`] }));
    await server.deliver(user, mail('<r2@c.example>', { headers: [`Delivered-To: ${replyTo}`] }));
    await server.deliver(
      user,
      mail('<r3@c.example>', { headers: [`In-Reply-To: ${sent.remoteId?.replace('.1.', '.2.')}`] }),
    );
    expect((await app.shown(id, '<r1@c.example>')).thread?.conversationId).toBe(conversationId);
    expect((await app.shown(id, '<r2@c.example>')).thread?.conversationId).toBe(conversationId);
    expect((await app.shown(id, '<r3@c.example>')).thread?.conversationId).toBeUndefined();
  });

  it('waits for the inbox to keep the files, and skips nothing', async () => {
    const { user, id } = await open();
    app.inbox.down = true;
    await server.deliver(user, mail('<w1@c.example>'));
    await eventually('it has noticed', () => app.status(id)?.state === 'degraded', 30_000);
    expect(app.of(id)).toEqual([]);
    app.inbox.down = false;
    await app.shown(id, '<w1@c.example>', 30_000);
    await app.stands(id, 'ok');
  });

  it.each([
    ['a wrong password', () => ({ imap: { ...server.login('x'), pass: 'wrong' } }), 'error', /授权码.*password/s],
    [
      'a host that does not resolve',
      () => ({ imap: { ...server.login('x'), host: 'imap.invalid' } }),
      'degraded',
      /imap\.invalid/,
    ],
    ['a port where nobody listens', () => ({ imap: { ...server.login('x'), port: 1 } }), 'degraded', /端口.*port/s],
    ['a port that speaks no TLS', () => ({ imap: { ...server.login('x'), secure: true } }), 'error', /TLS/],
    ['a folder that is not there', () => ({ folder: 'Nowhere' }), 'error', /folder/],
  ] as const)('says what is wrong and what to do: %s', async (_name, config, state, text) => {
    const id = await app.account({
      address: 'support@shop.example',
      imap: server.login('x'),
      smtp: sink.login('x'),
      ...config(),
    });
    expect((await app.stands(id, state)).error).toMatch(text);
  });

  it('says that a server hangs', async () => {
    const sockets = new Set<Socket>();
    const silent: Server = createServer((socket) => void sockets.add(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const id = await app.account({
      address: 'support@shop.example',
      imap: { ...server.login('x'), port },
      smtp: sink.login('x'),
    });
    expect((await app.stands(id, 'degraded')).error).toMatch(/没有应答.*does not answer/s);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it('sends no password to a server whose certificate has expired, and says so', async () => {
    let logins = 0;
    const expired = new SMTPServer({
      secure: true,
      logger: false,
      onAuth: (_auth, _session, done) => (logins++, done(null, { user: 'x' })),
    });
    expired.on('error', () => undefined);
    await new Promise<void>((resolve) => expired.listen(0, '127.0.0.1', () => resolve()));
    const { port } = expired.server.address() as AddressInfo;
    const { id } = await open({ smtp: { ...sink.login('x'), host: 'localhost', port, secure: true } });
    const failed = await app.send(id);
    expect(failed).toMatchObject({ state: 'failed', error: { kind: 'rejected' } });
    expect((await app.stands(id, 'error')).error).toMatch(/证书已过期.*expired certificate/s);
    expect(logins).toBe(0);
    await new Promise<void>((resolve) => expired.close(() => resolve()));
  });

  it('connects to nothing inside, unless it is let through', async () => {
    const guarded = await EmailApp.start({ env: { OUTBOUND_ALLOW: '' } });
    const id = await guarded.account({
      address: 'support@shop.example',
      imap: server.login('x'),
      smtp: sink.login('x'),
    });
    expect((await guarded.stands(id, 'error')).error).toContain('OUTBOUND_ALLOW');
    expect(await guarded.send(id)).toMatchObject({ state: 'failed', error: { code: 'address_refused' } });
    await guarded.stop();
  });
});
