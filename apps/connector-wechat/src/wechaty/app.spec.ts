import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { mock } from 'wechaty-puppet-mock';
import { BusModule, BusServer, busSchemas, MessageBus, wrap } from '@huiliu/bus';
import { connectorSchema } from '@huiliu/connector-kit';
import {
  ACCOUNTS,
  type AccountStatus,
  CHANNEL_INBOUND,
  CHANNEL_RECEIPTS,
  CHANNELS,
  channelOutbound,
  type MessageReceived,
  type Receipt,
  type SendCommand,
} from '@huiliu/contracts';
import { loadConfig, newId, type RunningService, SecretBox, startService } from '@huiliu/platform';
import { StorageModule } from '@huiliu/storage';
import { eventually } from '@huiliu/testing';
import { ConnectorWechatModule } from '../connector-wechat.module';

jest.setTimeout(60_000);

const APP = 'connector-wechat';
const PREFIX = 'connector_wechat';
const SERVICE: string = 'wechaty-puppet-service';
const TOKEN = 'insecure_7d6f';

/** The app with one personal WeChat, on a real puppet service whose phone is the mock puppet. */
describe('a personal WeChat in the app', () => {
  const accountId = newId();
  const statuses: AccountStatus[] = [];
  const inbound: MessageReceived[] = [];
  const receipts: Receipt[] = [];
  let folder: string;
  let app: RunningService;
  let server: { start(): Promise<void>; stop(): Promise<void> };
  let mocker: mock.Mocker;
  let me: mock.ContactMock;
  let anna: mock.ContactMock;

  const bus = (): MessageBus => app.app.get(MessageBus);
  const status = (): AccountStatus | undefined => statuses.at(-1);

  async function send(text: string): Promise<string> {
    const command: SendCommand = {
      conversationId: newId(),
      accountId,
      channel: 'wechaty',
      remoteConversationId: 'wxid_anna',
      remoteContactId: 'wxid_anna',
      messageId: newId(),
      attempt: 1,
      content: { kind: 'text', text },
      authorType: 'agent',
      authorName: 'Lin',
      inReplyTo: null,
      fromPart: 1,
    };
    await bus().publish([wrap(channelOutbound(APP), 'message.send', command.conversationId, command, new Date())]);
    return command.messageId;
  }
  const receiptOf = (messageId: string): Promise<Receipt> =>
    eventually('a receipt', () => receipts.find((one) => one.messageId === messageId), 30_000);

  beforeAll(async () => {
    const { mock: mocking, PuppetMock } = await import('wechaty-puppet-mock');
    const { PuppetServer } = (await import(SERVICE)) as { PuppetServer: new (options: object) => typeof server };
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
    const endpoint = `127.0.0.1:${(probe.address() as AddressInfo).port}`;
    await new Promise((resolve) => probe.close(resolve));
    mocker = new mocking.Mocker();
    me = mocker.createContact({ id: 'wxid_me', name: '老板', type: 1 });
    anna = mocker.createContact({ id: 'wxid_anna', name: 'Anna', alias: '', type: 1 });
    server = new PuppetServer({ endpoint, puppet: new PuppetMock({ mocker }), token: TOKEN });
    await server.start();

    folder = await mkdtemp(join(tmpdir(), 'huiliu-wechaty-'));
    app = await startService(
      {
        name: APP,
        modules: (config) => [
          StorageModule.forRoot({ prefix: PREFIX, schemas: [connectorSchema(PREFIX), ...busSchemas(config, PREFIX)] }),
          BusModule.forRoot(),
          ConnectorWechatModule,
        ],
        strategy: (nest) => nest.get(BusServer),
      },
      loadConfig({ PORT: '0', HUILIU_DATA: folder, LOG_LEVEL: 'silent', OUTBOUND_ALLOW: '127.0.0.0/8' }),
    );
    await bus().tail<AccountStatus>(CHANNELS, 'beginning', (records) => {
      for (const { envelope } of records) if (envelope.type === 'account.status') statuses.push(envelope.data);
    });
    await bus().tail<MessageReceived>(CHANNEL_INBOUND, 'beginning', (records) => {
      for (const { envelope } of records) if (envelope.type === 'message.received') inbound.push(envelope.data);
    });
    await bus().tail<Receipt>(CHANNEL_RECEIPTS, 'beginning', (records) => {
      for (const { envelope } of records) receipts.push(envelope.data);
    });
    const config = { puppet: SERVICE, token: app.app.get(SecretBox).seal(TOKEN), endpoint };
    const data = { accountId, channel: 'wechaty', name: '老板的微信', config, revision: 1 };
    await bus().publish([wrap(ACCOUNTS, 'account.configured', accountId, data, new Date())]);
  });
  afterAll(async () => {
    await app?.stop();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('tells how its login stands, and holds what is sent until somebody has scanned', async () => {
    await eventually('connected', () => mocker.puppet.state.active() === true, 20_000);
    mocker.scan('https://login.example/l/1', 2);
    await eventually('the code', () => status()?.login?.qr === 'https://login.example/l/1');
    const early = await send('还没登录');
    mocker.login(me);
    await eventually('logged in', () => status()?.state === 'ok');
    expect(status()?.login).toEqual({ stage: 'logged_in', qr: null, name: '老板' });
    expect(await receiptOf(early)).toMatchObject({ state: 'accepted', error: null });
  });

  it('brings messages in and takes answers out, each once', async () => {
    anna.say('你好').to(me);
    await eventually('it is in', () => inbound.some(({ content }) => content.text === '你好'));
    const answer = await receiptOf(await send('在的'));
    // The mock puppet gives no id: it is that of the message that came back.
    expect(answer).toMatchObject({ state: 'accepted', remoteId: expect.stringMatching(/^\w{8,}$/) });
    anna.say('好').to(me);
    await eventually('the last one', () => inbound.some(({ content }) => content.text === '好'));
    expect(inbound.map(({ direction, content }) => [direction, content.text])).toEqual([
      ['inbound', '你好'],
      ['inbound', '好'],
    ]);
  });

  it('raises an alarm when the phone is logged out', async () => {
    await mocker.puppet.logout('kicked out');
    await eventually('the alarm', () => status()?.state === 'error');
    expect(status()).toMatchObject({ login: { stage: 'logged_out' }, error: expect.stringContaining('重新扫码') });
  });
});
