import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { eventually } from '@huiliu/testing';
import { SandboxApp } from '../../testing/sandbox-app';

jest.setTimeout(60_000);

const SERVICE: string = 'wechaty-puppet-service';

/** The little of the real client that is used here. */
interface Puppet {
  readonly isLoggedIn: boolean;
  on(event: string, listener: (payload: Record<string, string>) => void): unknown;
  start(): Promise<void>;
  stop(): Promise<void>;
  messagePayload(id: string): Promise<{ type: number; text?: string; talkerId: string; roomId?: string }>;
  messageFile(id: string): Promise<{ name: string; toBuffer(): Promise<Buffer> }>;
  messageSendText(to: string, text: string): Promise<string>;
  messageRecall(id: string): Promise<boolean>;
  contactPayload(id: string): Promise<{ name: string }>;
  roomPayload(id: string): Promise<{ topic: string }>;
}

async function freeBlock(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return Math.min(port, 65_000);
}

describe('a personal WeChat in the sandbox, by the real client of the puppet service', () => {
  let app: SandboxApp;
  let account: string;
  let puppet: Puppet;
  const messages: string[] = [];
  const scans: string[] = [];
  const api = <T = never>(method: string, path: string, json?: unknown) =>
    app.api<T>('wechaty', account, method, path, json);

  async function connect(token: string, endpoint: string): Promise<Puppet> {
    const { PuppetService, log } = (await import(SERVICE)) as {
      PuppetService: new (options: object) => Puppet;
      log: { level(level: string): void };
    };
    log.level('silent');
    const made = new PuppetService({ token, endpoint });
    Object.assign((made as unknown as { _payloadStore: object })._payloadStore, { start: () => Promise.resolve() });
    made.on('error', () => undefined);
    return made;
  }

  beforeAll(async () => {
    app = await SandboxApp.start({ SANDBOX_PUPPET_PORT: String(await freeBlock()) });
    const { id, config } = await app.account('wechaty');
    account = id;
    expect(config).toMatchObject({ puppet: SERVICE, token: expect.stringMatching(/^insecure_/) });
    expect((await api<{ ok: boolean }>('POST', 'handshake')).body.ok).toBe(false);
    puppet = await connect(config['token'] as string, config['endpoint'] as string);
    puppet.on('message', ({ messageId }) => messages.push(messageId as string));
    puppet.on('scan', ({ qrcode, status }) => scans.push(`${status} ${qrcode}`));
    await puppet.start();
  });
  afterAll(async () => {
    await puppet?.stop();
    await app?.stop();
  });

  it('is scanned and logged in once somebody listens', async () => {
    expect((await api<{ ok: boolean }>('POST', 'handshake')).body.ok).toBe(true);
    await eventually('logged in', () => puppet.isLoggedIn);
    expect(scans.map((scan) => scan.split(' ')[0])).toEqual(['2', '3', '4']);
    expect(scans[0]).toMatch(/^2 https:/);
  });

  it('brings what friends and groups say, with files', async () => {
    const file = { name: 'a.pdf', mime: 'application/pdf', data: Buffer.from('%PDF').toString('base64') };
    await api('POST', 'say', { customer: 'anna', kind: 'text', text: '你好' });
    await api('POST', 'say', { customer: 'anna', kind: 'raw', raw: { type: 'file', room: '团购群' }, file });
    const [first, second] = await eventually('both', () => messages.length === 2 && messages);
    expect(await puppet.messagePayload(first as string)).toMatchObject({
      type: 7,
      text: '你好',
      talkerId: 'wxid_anna',
    });
    expect((await puppet.contactPayload('wxid_anna')).name).toBe('anna');
    const inGroup = await puppet.messagePayload(second as string);
    expect((await puppet.roomPayload(inGroup.roomId as string)).topic).toBe('团购群');
    const got = await puppet.messageFile(second as string);
    expect([got.name, (await got.toBuffer()).toString()]).toEqual(['a.pdf', '%PDF']);
  });

  it('shows what is sent and says its id, brings it back, and recalls it', async () => {
    const before = messages.length;
    const id = await puppet.messageSendText('wxid_anna', '在的');
    await eventually('the echo', () => messages.length > before);
    expect(messages.at(-1)).toBe(id);
    expect((await api<{ items: object[] }>('GET', 'sent?customer=anna')).body.items).toMatchObject([
      { kind: 'text', text: '在的' },
    ]);
    expect(await puppet.messageRecall(id)).toBe(true);
    expect((await api<{ items: object[] }>('GET', 'sent?customer=anna')).body.items).toMatchObject([
      { kind: 'recalled', text: '' },
    ]);
    expect(await puppet.messageRecall('17')).toBe(false);
    await expect(puppet.messageSendText('wxid_nobody', 'x')).rejects.toMatchObject({ code: 5 });
  });

  it('lets nobody in with another token, and knows no signature', async () => {
    expect(
      (
        await api<{ error: { code: string } }>('POST', 'say', {
          customer: 'a',
          kind: 'text',
          text: 'x',
          tamper: 'forged',
        })
      ).status,
    ).toBe(400);
    const { config } = await app.account('wechaty');
    const stranger = await connect('insecure_wrong', config['endpoint'] as string);
    await expect(stranger.start()).rejects.toMatchObject({ code: 16 });
    await stranger.stop().catch(() => undefined);
  });
});
