import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { CHANNEL_INBOUND, type MessageReceived } from '@huiliu/contracts';
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

  it('keeps the mails of one sender in one line, whatever mails they answer, and no other sender’s behind them', async () => {
    const { user, id } = await open();
    const lines = new Map<string, string>();
    const tail = await app.bus.tail<MessageReceived>(CHANNEL_INBOUND, 'beginning', (records) => {
      for (const { envelope } of records)
        if (envelope.data.accountId === id) lines.set(envelope.data.remoteId, envelope.key);
    });
    await server.deliver(user, mail('<l1@c.example>'));
    await server.deliver(user, mail('<l2@c.example>', { headers: ['In-Reply-To: <l1@c.example>'] }));
    await server.deliver(user, mail('<l3@c.example>', { from: 'wang@customer.example' }));
    await server.deliver(user, mail('<l4@c.example>', { from: 'li@customer.example' }));
    await eventually('all are told', () => lines.size === 4);
    await tail.close();
    const [first, second, third, other] = [1, 2, 3, 4].map((n) => lines.get(`<l${n}@c.example>`));
    expect([second, third]).toEqual([first, first]);
    expect(other).not.toBe(first);
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

  const bounce = (original: string, id: string, action = 'failed', status = '5.1.1'): string =>
    mail(id, {
      from: 'MAILER-DAEMON <mailer-daemon@mx.example>',
      headers: ['Content-Type: multipart/report; report-type=delivery-status; boundary=b'],
      body: [
        '--b\r\nContent-Type: text/plain\r\n\r\nSorry.',
        `--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; wang@customer.example\r\nAction: ${action}\r\nStatus: ${status}\r\nDiagnostic-Code: smtp; 550 user unknown\r\n`,
        `--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: ${original}\r\nSubject: Re\r\n`,
        '--b--',
      ].join('\r\n'),
    });

  it('tells a bounce as the failure of what was sent; a mere delay changes nothing, and one of a foreign mail is shown', async () => {
    const { user, id } = await open();
    const [failed, delayed] = [await app.send(id), await app.send(id)];
    await server.deliver(user, bounce(delayed.remoteId ?? '', '<delay@mx.example>', 'delayed', '4.4.1'));
    await server.deliver(user, bounce(failed.remoteId ?? '', '<fail@mx.example>'));
    await server.deliver(user, bounce('<theirs@elsewhere.example>', '<foreign@mx.example>'));
    expect((await app.shown(id, '<foreign@mx.example>')).content).toMatchObject({ kind: 'email', automatic: 'bounce' });
    const told = await eventually('the failure is told', () =>
      app.receipts.find(({ remoteId, state }) => remoteId === failed.remoteId && state === 'failed'),
    );
    expect(told.error).toEqual({
      kind: 'rejected',
      code: '5.1.1',
      message: 'wang@customer.example: 550 user unknown',
    });
    expect(app.receipts.filter(({ remoteId }) => remoteId === delayed.remoteId).map(({ state }) => state)).toEqual([
      'accepted',
    ]);
    expect(app.of(id).map(({ remoteId }) => remoteId)).toEqual(['<foreign@mx.example>']);
  });

  it('says of what a rule has written that it is automatic, so that no machine answers, and of nothing else', async () => {
    const { user, id } = await open();
    for (const authorType of ['agent', 'bot', 'auto'] as const) await app.send(id, { authorType });
    const sent = sink.mails.filter((one) => one.user === user);
    const automatic = (source: Buffer): string | undefined => /^Auto-Submitted: (.*)\r$/im.exec(source.toString())?.[1];
    expect(sent.map(({ source }) => automatic(source))).toEqual([undefined, undefined, 'auto-replied']);
    // What cannot be delivered of it comes back to nobody.
    expect(sent.map(({ from }) => from)).toEqual(['support@shop.example', 'support@shop.example', '']);
    await server.deliver(user, mail('<away@c.example>', { headers: ['Auto-Submitted: auto-replied'] }));
    expect((await app.shown(id, '<away@c.example>')).content).toMatchObject({ automatic: 'auto-reply' });
  });

  it('shows of a mail that is too large what can be carried, and says what is left out', async () => {
    const { user, id } = await open();
    const attached = (bytes: number): string =>
      `--b\r\n\r\nsee the file\r\n--b\r\nContent-Type: application/zip; name=big.zip\r\nContent-Disposition: attachment\r\n\r\n${'x'.repeat(76)}\r\n`.concat(
        `${'y'.repeat(76)}\r\n`.repeat(Math.ceil(bytes / 78)),
        '--b--\r\n',
      );
    const headers = ['Content-Type: multipart/mixed; boundary=b'];
    await server.deliver(user, mail('<large@c.example>', { headers, body: attached(25_000_000) }));
    await server.deliver(user, mail('<huge@c.example>', { headers, body: attached(70_000_000) }));
    const html = '<p style="color:#123456">很长的内容</p>'.repeat(25_000);
    await server.deliver(user, mail('<long@c.example>', { headers: ['Content-Type: text/html'], body: html }));
    for (const name of ['large', 'huge']) {
      const { content } = await app.shown(id, `<${name}@c.example>`, 60_000);
      expect(content).toMatchObject({ kind: 'email', text: 'see the file', attachments: [] });
      const omitted = (content as { omitted?: string[] }).omitted?.join('\n');
      expect(omitted).toMatch(/not kept: big\.zip/);
      expect(omitted).toMatch(/not kept: the source/);
      if (name === 'huge') expect(omitted).toMatch(/its end was left out/);
    }
    const { content } = await app.shown(id, '<long@c.example>');
    expect(content).toMatchObject({ html: '', source: { name: 'message.eml' } });
    expect((content as { omitted?: string[] }).omitted).toEqual(['the HTML is too long to be shown']);
    expect(content.text).toContain('很长的内容');
    expect(JSON.stringify(content).length).toBeLessThan(1_000_000);
    await server.deliver(user, mail('<after@c.example>'));
    await app.shown(id, '<after@c.example>');
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
    // It waits for the server again; what is set right is not kept waiting with it.
    await app.account({ address: 'support@shop.example', imap: server.login('x'), smtp: sink.login('x') }, id);
    await app.stands(id, 'ok');
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
