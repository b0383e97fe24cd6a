import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BusModule, BusServer, busSchemas, MessageBus, wrap } from '@huiliu/bus';
import {
  ACCOUNTS,
  CHANNEL_INBOUND,
  CHANNEL_RECEIPTS,
  CHANNELS,
  type ChannelInboundEvent,
  channelOutbound,
  type ChannelReceiptEvent,
  type ChannelsEvent,
  type Content,
  type SendCommand,
} from '@huiliu/contracts';
import { type Config, loadConfig, newId, type RunningService, SecretBox, startService } from '@huiliu/platform';
import { Database, openDatabase, StorageModule } from '@huiliu/storage';
import { call, eventually } from '@huiliu/testing';
import { AccountDirectory } from '../accounts/account-directory';
import { ConnectorHostModule } from '../connector-host.module';
import { connectorPrefix, type HostOptions } from '../host-options';
import { connectorSchema } from '../schema';
import { toyConnector, type ToyPlatform, toyPlatform, toySignature } from './toy-connector';

export const SECRET = 'toy secret';
const APP = 'connector-toy';
const PREFIX = 'connector_toy';

export type Receipt = ChannelReceiptEvent['data'];

/** A host with a toy connector: real HTTP, embedded bus, SQLite, and a platform that follows the test's script. */
export class ToyApp {
  readonly inbound: ChannelInboundEvent[] = [];
  readonly receipts: Receipt[] = [];
  readonly channels: ChannelsEvent[] = [];
  private revision = 0;

  private constructor(
    readonly service: RunningService,
    readonly platform: ToyPlatform,
    readonly folder: string,
    readonly accountId: string,
  ) {}

  static async start(
    over: Partial<HostOptions> & {
      folder?: string;
      accountId?: string;
      platform?: ToyPlatform;
      keyedSends?: boolean;
      /** A second host in the same process, of channel `other`. */
      besideOther?: boolean;
    } = {},
  ): Promise<ToyApp> {
    const {
      folder = await mkdtemp(join(tmpdir(), 'huiliu-toy-')),
      accountId = newId(),
      platform = toyPlatform(),
      keyedSends,
      besideOther = false,
      ...options
    } = over;
    const connectors = [toyConnector('toy', platform, keyedSends === undefined ? {} : { keyedSends })];
    // Nest's `get` answers with the last of several.
    const hosts: HostOptions[] = [
      ...(besideOther ? [{ app: 'connector-other', connectors: [toyConnector('other', platform)] }] : []),
      { app: APP, connectors, ...options },
    ];
    const service = await startService(
      {
        name: APP,
        modules: (config) => [
          StorageModule.forRoot({
            prefix: PREFIX,
            schemas: [...hosts.map(({ app }) => connectorSchema(connectorPrefix(app))), ...busSchemas(config, PREFIX)],
          }),
          BusModule.forRoot(),
          ...hosts.map((host) => ConnectorHostModule.forRoot(host)),
        ],
        strategy: (app) => app.get(BusServer),
      },
      configOf(folder),
    );
    const app = new ToyApp(service, platform, folder, accountId);
    await app.bus.tail<ChannelInboundEvent['data']>(
      CHANNEL_INBOUND,
      'beginning',
      (records) => void app.inbound.push(...records.map(({ envelope }) => envelope as ChannelInboundEvent)),
    );
    await app.bus.tail<Receipt>(
      CHANNEL_RECEIPTS,
      'beginning',
      (records) => void app.receipts.push(...records.map(({ envelope }) => envelope.data)),
    );
    await app.bus.tail(
      CHANNELS,
      'beginning',
      (records) => void app.channels.push(...records.map(({ envelope }) => envelope as unknown as ChannelsEvent)),
    );
    await eventually('ready', async () => (await call(app.url, 'GET', '/readyz')).status === 200);
    if (app.directory.get(accountId) === undefined) await app.configure();
    return app;
  }

  get url(): string {
    return this.service.url;
  }

  get bus(): MessageBus {
    return this.service.app.get(MessageBus);
  }

  get db(): Database {
    return this.service.app.get(Database);
  }

  get directory(): AccountDirectory {
    return this.service.app.get(AccountDirectory);
  }

  async stop(keep = false): Promise<void> {
    await this.service.stop();
    if (!keep) await rm(this.folder, { recursive: true, force: true });
  }

  /** Something done to the database while no process runs. */
  async between(sql: string): Promise<void> {
    const storage = await openDatabase({
      url: configOf(this.folder).databaseUrl,
      dataDir: this.folder,
      prefix: PREFIX,
      schemas: [],
    });
    await storage.database.transaction((tx) => tx.execute(sql));
    await storage.close();
  }

  async configure(
    config: Record<string, unknown> = { shop: 's', secret: SECRET },
    accountId = this.accountId,
    channel = 'toy',
  ): Promise<string> {
    const box = this.service.app.get(SecretBox);
    const sealed = { ...config, ...(typeof config.secret === 'string' ? { secret: box.seal(config.secret) } : {}) };
    const revision = (this.directory.get(accountId)?.revision ?? this.revision) + 1;
    await this.bus.publish([
      wrap(
        ACCOUNTS,
        'account.configured',
        accountId,
        { accountId, channel, name: 'Toy shop', config: sealed, revision },
        new Date(),
      ),
    ]);
    if (channel === 'toy')
      await eventually('the account is known', () => this.directory.get(accountId)?.revision === revision);
    return accountId;
  }

  /** Commands for one conversation, published together. Answers the messages' ids. */
  async send(texts: readonly (string | Partial<SendCommand>)[], conversationId = newId()): Promise<string[]> {
    const commands = texts.map((one) =>
      this.command(typeof one === 'string' ? { content: { kind: 'text', text: one } } : one, conversationId),
    );
    await this.bus.publish(
      commands.map((command) => wrap(channelOutbound(APP), 'message.send', conversationId, command, new Date())),
    );
    return commands.map((command) => command.messageId);
  }

  async recall(messageId: string, conversationId: string): Promise<void> {
    const { accountId } = this;
    const command = {
      conversationId,
      accountId,
      channel: 'toy',
      remoteConversationId: 'c',
      remoteContactId: 'c',
      messageId,
      remoteIds: [],
    };
    await this.bus.publish([wrap(channelOutbound(APP), 'message.recall', conversationId, command, new Date())]);
  }

  /** Answers the id of the record's line that the outcome is told of. */
  async handOver(servicerId: string, conversationId: string): Promise<string> {
    const {
      conversationId: id,
      accountId,
      channel,
      remoteConversationId,
      remoteContactId,
      messageId,
    } = this.command({}, conversationId);
    const target = { conversationId: id, accountId, channel, remoteConversationId, remoteContactId };
    const command = { ...target, messageId, servicerId };
    await this.bus.publish([wrap(channelOutbound(APP), 'conversation.hand_over', id, command, new Date())]);
    return messageId;
  }

  command(over: Partial<SendCommand>, conversationId: string): SendCommand {
    const content: Content = { kind: 'text', text: 'hello' };
    return {
      conversationId,
      accountId: this.accountId,
      channel: 'toy',
      remoteConversationId: 'customer',
      remoteContactId: 'customer',
      messageId: newId(),
      attempt: 1,
      content,
      authorType: 'agent',
      authorName: 'Lin',
      inReplyTo: null,
      fromPart: 1,
      ...over,
    };
  }

  /** What was said of a message, once something final was. */
  receiptOf(messageId: string, timeoutMs?: number): Promise<Receipt> {
    return eventually(
      `a receipt for ${messageId}`,
      () => this.receipts.find((receipt) => receipt.messageId === messageId),
      timeoutMs,
    );
  }

  /** A well signed push; every part of it can be replaced. */
  push(
    body: string | Uint8Array,
    over: {
      account?: string;
      channel?: string;
      secret?: string;
      timestamp?: string;
      nonce?: string;
      query?: string;
      type?: string;
    } = {},
  ) {
    const {
      account = this.accountId,
      channel = 'toy',
      secret = SECRET,
      timestamp = String(Math.floor(Date.now() / 1000)),
      nonce = newId(),
      type = 'text/xml',
    } = over;
    const signature = toySignature(secret, timestamp, nonce, Buffer.from(body));
    const query = over.query ?? `timestamp=${timestamp}&nonce=${nonce}&signature=${signature}`;
    return call(this.url, 'POST', `/webhooks/${channel}/${account}?${query}`, {
      raw: body,
      headers: { 'content-type': type },
    });
  }
}

function configOf(folder: string): Config {
  return loadConfig({ PORT: '0', HUILIU_DATA: folder, LOG_LEVEL: 'silent' });
}
