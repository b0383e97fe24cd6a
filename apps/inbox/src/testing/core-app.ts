import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BusModule, BusServer, busSchemas, MessageBus, wrap, type BusRecord } from '@huiliu/bus';
import {
  CHANNEL_INBOUND,
  CHANNEL_RECEIPTS,
  channelOutbound,
  CHANNELS,
  INBOX_EVENTS,
  ROUTING_WORK,
  type ChannelDefinition,
  type Conversation,
  type Envelope,
  type Message,
  type MessageReceived,
  type Receipt,
  type SendCommand,
} from '@huiliu/contracts';
import { loadConfig, newId, startService, type RunningService } from '@huiliu/platform';
import { Database, StorageModule } from '@huiliu/storage';
import { call, eventually, expectStatus, type Answer, type Call } from '@huiliu/testing';
import { ChannelRegistry } from '../channels/channel-registry';
import { definitionOf } from './test-inbox';
import { InboxModule } from '../inbox.module';
import { InboxFeed } from '../realtime/inbox-feed';
import { INBOX_SCHEMA } from '../schema';
import { ADMIN_PASSWORD, login, PASSWORD, type Person } from './edges-app';

/** The whole inbox, started for a test: real HTTP, embedded bus, SQLite; the test plays the connector and routing. */
export class CoreApp {
  /** Everything the inbox said, by topic, in order. */
  readonly said: Envelope[] = [];
  readonly sent: SendCommand[] = [];
  private written = 0;

  private constructor(
    readonly service: RunningService,
    private readonly folder: string,
    readonly admin: Person,
    readonly accountId: string,
    readonly windowedAccountId: string,
  ) {}

  /** With an account of channel `fake` (no reply windows) and one of `windowed` (five messages after each of the customer's). */
  static async start(more: Readonly<Record<string, string>> = {}): Promise<CoreApp> {
    const folder = await mkdtemp(join(tmpdir(), 'huiliu-core-'));
    const env = {
      PORT: '0',
      HOST: '127.0.0.1',
      HUILIU_DATA: folder,
      HUILIU_ADMIN_PASSWORD: ADMIN_PASSWORD,
      LOG_LEVEL: 'silent',
      RATE_LIMITS: 'off',
      ...more,
    };
    const config = loadConfig(env, { mode: 'suite' });
    const service = await startService(
      {
        name: 'inbox',
        modules: () => [
          StorageModule.forRoot({ prefix: 'inbox', schemas: [INBOX_SCHEMA, ...busSchemas(config, 'inbox')] }),
          BusModule.forRoot(),
          InboxModule,
        ],
        strategy: (app) => app.get(BusServer),
      },
      config,
    );
    await service.app.get(InboxFeed).whenReady();
    const token = await login(service.url, 'admin', ADMIN_PASSWORD);
    const me = expectStatus(await call<{ id: string }>(service.url, 'GET', '/api/v1/agents/me', { token }), 200);
    const bus = service.app.get(MessageBus);
    const definitions: ChannelDefinition[] = [definitionOf('fake', false), definitionOf('windowed', true)];
    await bus.publish(
      definitions.map((definition) => wrap(CHANNELS, 'channel.defined', definition.channel, definition, new Date())),
    );
    const accounts: string[] = [];
    for (const { channel } of definitions) {
      await service.app.get(ChannelRegistry).whenDefined(channel, 5_000);
      const json = { channel, name: channel, config: {} };
      accounts.push(
        expectStatus(await call<{ id: string }>(service.url, 'POST', '/api/v1/accounts', { token, json }), 201).id,
      );
    }
    const app = new CoreApp(service, folder, { id: me.id, username: 'admin', token }, accounts[0]!, accounts[1]!);
    await app.listen(bus);
    return app;
  }

  private async listen(bus: MessageBus): Promise<void> {
    const keep = (records: readonly { envelope: Envelope }[]): void =>
      void this.said.push(...records.map(({ envelope }) => envelope));
    await bus.tail(INBOX_EVENTS, 'end', keep);
    await bus.tail(ROUTING_WORK, 'end', keep);
    for (const channel of ['fake', 'windowed']) {
      await bus.tail<SendCommand>(channelOutbound(`connector-${channel}`), 'end', (records) => {
        keep(records);
        this.sent.push(
          ...records.filter(({ envelope }) => envelope.type === 'message.send').map(({ envelope }) => envelope.data),
        );
      });
    }
  }

  get db(): Database {
    return this.service.app.get(Database);
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  call<T = Record<string, unknown>>(
    who: Person | null,
    method: string,
    path: string,
    json?: unknown,
  ): Promise<Answer<T>> {
    const options: Call = json === undefined ? {} : { json };
    return call<T>(
      this.service.url,
      method,
      `/api/v1${path}`,
      who === null ? options : { token: who.token, ...options },
    );
  }

  /** An action on a conversation that is expected to work. */
  async act(who: Person, id: string, action: string, json: unknown = {}): Promise<Conversation> {
    return expectStatus(await this.call<Conversation>(who, 'POST', `/conversations/${id}/${action}`, json), 200);
  }

  async person(role: 'agent' | 'supervisor' = 'agent', capacity = 5): Promise<Person> {
    const username = `u-${newId().toLowerCase()}`;
    const json = { username, name: username, password: PASSWORD, role, capacity };
    const { id } = expectStatus(await this.call<{ id: string }>(this.admin, 'POST', '/agents', json), 201);
    return { id, username, token: await login(this.service.url, username, PASSWORD) };
  }

  publish(...records: BusRecord[]): Promise<void> {
    return this.service.app.get(MessageBus).publish(records);
  }

  /** A customer's message as a record for the bus. */
  inbound(customer: string, over: Partial<MessageReceived> = {}, windowed = false): BusRecord {
    this.written += 1;
    const data = {
      accountId: windowed ? this.windowedAccountId : this.accountId,
      channel: windowed ? 'windowed' : 'fake',
      remoteConversationId: customer,
      contact: { remoteId: customer, name: `${customer}先生`, verified: false },
      direction: 'inbound',
      remoteId: `m-${this.written}-${customer}`,
      clientId: null,
      content: { kind: 'text', text: `第 ${this.written} 句` },
      sentAt: new Date().toISOString(),
      ...(windowed ? { opens: 'message' } : {}),
      ...over,
    };
    return wrap(CHANNEL_INBOUND, 'message.received', `${data.accountId} ${customer}`, data, new Date());
  }

  /** A customer writes; answers the conversation once it has what was written. */
  async writes(customer: string, over: Partial<MessageReceived> = {}, windowed = false): Promise<Conversation> {
    const record = this.inbound(customer, over, windowed);
    await this.publish(record);
    const { remoteId } = record.envelope.data as MessageReceived;
    const id = await eventually('the message is stored', async () => {
      const [row] = await this.db.query<{ conversation_id: string }>(
        'SELECT conversation_id FROM inbox_messages WHERE remote_id = ?',
        [remoteId],
      );
      return row?.conversation_id;
    });
    return expectStatus(await this.call<Conversation>(this.admin, 'GET', `/conversations/${id}`), 200);
  }

  /** The connector says what became of a send; answers the message once the inbox knows. */
  async becomes(
    message: Message,
    state: Receipt['state'],
    until: Message['state'],
    over: Partial<Receipt> = {},
  ): Promise<Message> {
    const { id: messageId, conversationId } = message;
    await this.tells(message, state, over);
    return eventually(`the message is ${until}`, async () => {
      const found = (await this.messages(conversationId)).find(({ id }) => id === messageId);
      return found?.state === until && found;
    });
  }

  /** The connector says what became of a message. */
  tells({ id, conversationId }: Message, state: Receipt['state'], over: Partial<Receipt> = {}): Promise<void> {
    const receipt = {
      accountId: this.accountId,
      conversationId,
      messageId: id,
      attempt: 1,
      remoteId: null,
      remoteIds: [],
      state,
      error: null,
      at: new Date().toISOString(),
      ...over,
    };
    return this.publish(wrap(CHANNEL_RECEIPTS, 'receipt', conversationId, receipt, new Date()));
  }

  async messages(id: string): Promise<Message[]> {
    return expectStatus(
      await this.call<{ items: Message[] }>(this.admin, 'GET', `/conversations/${id}/messages?limit=100`),
      200,
    ).items;
  }

  /** The data of what the inbox said of a type, in order, once there are at least so many. */
  async heard<T>(type: string, matches: (data: T) => boolean, atLeast = 1): Promise<T[]> {
    return eventually(`${atLeast} × ${type}`, () => {
      const found = this.said
        .filter((envelope) => envelope.type === type && matches(envelope.data as T))
        .map((envelope) => envelope.data as T);
      return found.length >= atLeast && found;
    });
  }
}
