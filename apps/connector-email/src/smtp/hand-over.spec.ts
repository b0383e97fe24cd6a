import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { SmtpSink, type SmtpScript } from '@huiliu/testing';
import { checkSmtp, handOver } from './hand-over';

const ADDRESS = { address: '127.0.0.1', family: 4 };
const SOURCE = 'Subject: hello\r\n\r\n.dot\r\nline\r\n';

describe('handing a mail over', () => {
  let sink: SmtpSink;
  beforeAll(async () => void (sink = await SmtpSink.start()));
  afterAll(() => sink.stop());
  beforeEach(() => {
    sink.script = {};
    sink.mails.length = 0;
  });

  const send = (over: { from?: string; to?: string[]; source?: Readable; signal?: AbortSignal } = {}) =>
    handOver(
      sink.login('shop'),
      ADDRESS,
      'huiliu.example',
      {
        envelope: { from: over.from ?? 'shop@x.example', to: over.to ?? ['a@b.example'] },
        source: over.source ?? Readable.from([SOURCE]),
      },
      over.signal ?? new AbortController().signal,
    );

  it('logs in and gives the mail as it is', async () => {
    expect(await send()).toEqual({ accepted: ['a@b.example'], rejected: [] });
    expect(sink.mails).toMatchObject([{ from: 'shop@x.example', to: ['a@b.example'], user: 'shop' }]);
    expect(sink.mails[0]?.source.toString()).toBe(SOURCE);
  });

  it('sends automatic mails from nobody', async () => {
    await send({ from: '' });
    expect(sink.mails[0]?.from).toBe('');
  });

  it.each<[string, SmtpScript, object]>([
    ['busy', { mail: () => ({ code: 451, text: '4.3.0 come back later' }) }, { kind: 'transient', code: '4.3.0' }],
    ['full', { recipient: () => ({ code: 452, text: '4.2.2 mailbox full' }) }, { kind: 'transient', code: '4.2.2' }],
    [
      'unknown recipient',
      { recipient: () => ({ code: 550, text: '5.1.1 no such user here' }) },
      { kind: 'rejected', code: '5.1.1', message: expect.stringContaining('no such user here') as string },
    ],
    ['content', { mail: () => ({ code: 554, text: 'spam' }) }, { kind: 'rejected', code: '554' }],
    ['login', { login: () => ({ code: 535, text: '5.7.8 wrong' }) }, { kind: 'auth', code: 'login_refused' }],
    ['login, for now', { login: () => ({ code: 454, text: '4.7.0 later' }) }, { kind: 'transient', code: '4.7.0' }],
    ['cut before the content', { recipient: () => 'cut' }, { kind: 'transient' }],
    ['cut after the content', { mail: () => 'cut' }, { kind: 'outcome_unknown' }],
  ])('tells what a refusal means: %s', async (_name, script, expected) => {
    sink.script = script;
    await expect(send()).rejects.toMatchObject(expected);
    expect(sink.mails).toEqual([]);
  });

  it('does not know what became of a mail that is never answered', async () => {
    sink.script = { mail: () => 'hang' };
    const control = new AbortController();
    const sending = send({ signal: control.signal });
    sink.script.mail = () => {
      control.abort();
      return 'hang';
    };
    await expect(sending).rejects.toMatchObject({ kind: 'outcome_unknown' });
  });

  it('may try again when a file of the mail broke off: the mail was never whole', async () => {
    const source = new Readable({ read: () => undefined });
    source.push(SOURCE);
    setImmediate(() => source.destroy(new Error('the file is gone')));
    await expect(send({ source })).rejects.toMatchObject({ kind: 'transient' });
  });

  it('says whom the server did not take the mail for', async () => {
    sink.script = {
      recipient: (to) => (to.startsWith('gone') ? { code: 550, text: '5.1.1 gone away' } : undefined),
    };
    expect(await send({ to: ['a@b.example', 'gone@b.example'] })).toEqual({
      accepted: ['a@b.example'],
      rejected: [{ address: 'gone@b.example', words: '550 5.1.1 gone away' }],
    });
  });

  it('lets no address speak SMTP', async () => {
    await expect(send({ to: ['a@b.example>\r\nRCPT TO:<c@d.example'] })).rejects.toMatchObject({ kind: 'rejected' });
    expect(sink.mails).toEqual([]);
  });

  it('tries a login without sending anything', async () => {
    await checkSmtp(sink.login('shop'), ADDRESS, 'huiliu.example');
    sink.script = { login: () => ({ code: 535, text: 'no' }) };
    await expect(checkSmtp(sink.login('shop'), ADDRESS, 'huiliu.example')).rejects.toMatchObject({ kind: 'auth' });
    expect(sink.mails).toEqual([]);
  });
});

describe('a server that is none', () => {
  let server: Server;
  const sockets = new Set<Socket>();
  let greet: (socket: Socket) => void;
  beforeAll(async () => {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      greet(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const login = () => ({
    host: 'mail.example',
    port: (server.address() as AddressInfo).port,
    secure: false,
    user: 'u',
    pass: 'p',
  });

  it('that refuses connections, or does not speak TLS, is told by its name and what to do', async () => {
    greet = (socket) => socket.write('220 hello\r\n');
    await expect(checkSmtp({ ...login(), secure: true }, ADDRESS, 'c')).rejects.toMatchObject({
      kind: 'rejected',
      code: 'not_tls',
      message: expect.stringContaining('mail.example') as string,
    });
    await expect(checkSmtp({ ...login(), port: 1 }, ADDRESS, 'c')).rejects.toMatchObject({ kind: 'transient' });
  });

  it('that breaks off while greeting is tried again', async () => {
    greet = (socket) => socket.end('220 hello\r\n');
    await expect(checkSmtp(login(), ADDRESS, 'c')).rejects.toMatchObject({ kind: 'transient' });
  });
});
