import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BusModule, BusServer, busSchemas, MessageBus, wrap } from '@huiliu/bus';
import { AccountDirectory, connectorSchema } from '@huiliu/connector-kit';
import {
  ACCOUNTS,
  CHANNEL_INBOUND,
  CHANNEL_RECEIPTS,
  type ChannelInboundEvent,
  type ChannelReceiptEvent,
  channelOutbound,
  type Content,
  INBOX_EVENTS,
  INTERNAL_TOKEN_HEADER,
  type Message,
  type SendCommand,
  UPLOADER_HEADER,
} from '@huiliu/contracts';
import { InternalAuth, loadConfig, newId, type RunningService, SecretBox, startService } from '@huiliu/platform';
import { StorageModule } from '@huiliu/storage';
import { aMessage, call, eventually, expectStatus, VisitorClient } from '@huiliu/testing';
import { ConnectorWebchatModule } from '../connector-webchat.module';

export const SECRET = 'the secret of the site';
const PREFIX = 'connector_webchat';
const APP = 'connector-webchat';

/** What the website computes for its signed-in customer. */
export const hashOf = (id: string, secret = SECRET): string => createHmac('sha256', secret).update(id).digest('hex');

/** The connector alone, started for a test: real HTTP and sockets, embedded bus and SQLite unless `env` says otherwise, and an inbox that is played. */
export class WebchatApp {
  readonly inbound: ChannelInboundEvent[] = [];
  readonly receipts: ChannelReceiptEvent['data'][] = [];
  private revision = 0;

  private constructor(
    readonly service: RunningService,
    readonly inbox: PlayedInbox,
    private readonly folder: string,
  ) {}

  static async start(env: Readonly<Record<string, string>> = {}): Promise<WebchatApp> {
    const folder = await mkdtemp(join(tmpdir(), 'huiliu-webchat-'));
    const inbox = await PlayedInbox.start();
    const config = loadConfig({
      PORT: '0',
      HUILIU_DATA: folder,
      LOG_LEVEL: 'silent',
      HUILIU_INBOX_URL: inbox.url,
      ...env,
    });
    const service = await startService(
      {
        name: APP,
        modules: (loaded) => [
          StorageModule.forRoot({ prefix: PREFIX, schemas: [connectorSchema(PREFIX), ...busSchemas(loaded, PREFIX)] }),
          BusModule.forRoot(),
          ConnectorWebchatModule,
        ],
        strategy: (app) => app.get(BusServer),
      },
      config,
    );
    inbox.token = service.app.get(InternalAuth).token();
    const app = new WebchatApp(service, inbox, folder);
    await app.bus.tail<ChannelInboundEvent['data']>(CHANNEL_INBOUND, 'beginning', (records) => {
      for (const { envelope } of records) app.inbound.push(envelope as ChannelInboundEvent);
    });
    await app.bus.tail<ChannelReceiptEvent['data']>(CHANNEL_RECEIPTS, 'beginning', (records) => {
      for (const { envelope } of records) app.receipts.push(envelope.data);
    });
    await eventually('ready', async () => (await call(app.url, 'GET', '/readyz')).status === 200);
    return app;
  }

  get url(): string {
    return this.service.url;
  }

  get bus(): MessageBus {
    return this.service.app.get(MessageBus);
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await this.inbox.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Configures an account as the inbox does, and waits until it is known. */
  async account(
    config: { allowedOrigins?: string[]; identitySecret?: string } = {},
    accountId = newId(),
  ): Promise<string> {
    const box = this.service.app.get(SecretBox);
    const sealed = {
      allowedOrigins: [],
      ...config,
      ...(config.identitySecret === undefined ? {} : { identitySecret: box.seal(config.identitySecret) }),
    };
    const revision = ++this.revision;
    const data = { accountId, channel: 'webchat', name: 'Our shop', config: sealed, revision };
    await this.bus.publish([wrap(ACCOUNTS, 'account.configured', accountId, data, new Date())]);
    await eventually(
      'the account is known',
      () => this.service.app.get(AccountDirectory).get(accountId)?.revision === revision,
    );
    return accountId;
  }

  async removeAccount(accountId: string): Promise<void> {
    const data = { accountId, channel: 'webchat', revision: ++this.revision };
    await this.bus.publish([wrap(ACCOUNTS, 'account.deleted', accountId, data, new Date())]);
    await eventually('the account is gone', () => this.service.app.get(AccountDirectory).get(accountId) === undefined);
  }

  visitor(accountId: string, request: unknown = {}): Promise<VisitorClient> {
    return VisitorClient.open(this.url, accountId, request);
  }

  /** What the inbox says once it has stored a message. */
  async fact(
    client: VisitorClient,
    over: Partial<Message> = {},
    isPublic = true,
    type: 'message.created' | 'message.updated' = 'message.created',
  ): Promise<Message> {
    const message = aMessage({ id: newId(), conversationId: client.conversationId, ...over });
    const access = { assigneeId: newId(), teamId: newId(), accountId: client.accountId };
    await this.bus.publish([
      wrap(
        INBOX_EVENTS,
        type,
        client.conversationId,
        { message, accountId: client.accountId, public: isPublic, access },
        new Date(),
      ),
    ]);
    return message;
  }

  /** An answer as the inbox sends it out; resolves when the connector has said what became of it. */
  async send(client: VisitorClient, content: Content, messageId = newId()): Promise<ChannelReceiptEvent['data']> {
    const command: SendCommand = {
      conversationId: client.conversationId,
      accountId: client.accountId,
      channel: 'webchat',
      remoteConversationId: client.conversationId,
      remoteContactId: client.session.visitorId,
      messageId,
      attempt: 1,
      content,
      authorType: 'agent',
      authorName: 'Lin',
      inReplyTo: null,
      fromPart: 1,
    };
    await this.bus.publish([wrap(channelOutbound(APP), 'message.send', client.conversationId, command, new Date())]);
    return eventually('a receipt', () => this.receipts.find((receipt) => receipt.messageId === messageId));
  }

  post(client: { accountId: string; token: string }, json: unknown, headers: Record<string, string> = {}) {
    return call(this.url, 'POST', `/webchat/${client.accountId}/messages`, { token: client.token, json, headers });
  }
}

/** The inbox's `/internal` as a connector meets it. */
export class PlayedInbox {
  token = '';
  down = false;
  readonly asked: string[] = [];
  readonly files = new Map<string, { uploader: string; bytes: Buffer }>();
  messages: unknown = { items: [], nextCursor: null };

  private constructor(private readonly server: Server) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.answer(request, response));
  }

  static async start(): Promise<PlayedInbox> {
    const server = createServer();
    const inbox = new PlayedInbox(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return inbox;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked.push(`${request.method} ${request.url}`);
    if (this.down) return void request.socket.destroy();
    const say = (status: number, body: unknown): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.headers[INTERNAL_TOKEN_HEADER] !== this.token)
      return say(401, { error: { code: 'unauthorized', message: 'no' } });
    if (request.url?.startsWith('/internal/visitor/messages') === true) return say(200, this.messages);
    const uploader = String(request.headers[UPLOADER_HEADER]);
    const id = /^\/internal\/attachments\/([0-9A-Z]{26})\?/.exec(request.url ?? '')?.[1];
    if (id !== undefined) {
      const file = this.files.get(id);
      if (file === undefined || file.uploader !== uploader)
        return say(404, { error: { code: 'not_found', message: 'no such attachment' } });
      return void response
        .writeHead(200, {
          'content-type': 'image/png',
          'content-disposition': 'inline',
          'content-length': file.bytes.length,
          'x-secret': '1',
        })
        .end(file.bytes);
    }
    const body = await new Response(request as never, {
      headers: { 'content-type': String(request.headers['content-type']) },
    })
      .formData()
      .catch(() => null);
    const file = body?.get('file');
    if (!(file instanceof File)) return say(400, { error: { code: 'malformed', message: 'no' } });
    const fresh = newId();
    this.files.set(fresh, { uploader, bytes: Buffer.from(await file.arrayBuffer()) });
    say(201, { id: fresh, name: file.name, mime: file.type, size: file.size, url: `/api/v1/attachments/${fresh}` });
  }
}

export { expectStatus };
