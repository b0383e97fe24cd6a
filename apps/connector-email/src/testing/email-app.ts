import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BusModule, BusServer, busSchemas, MessageBus, wrap } from '@huiliu/bus';
import { AccountDirectory, connectorSchema } from '@huiliu/connector-kit';
import {
  ACCOUNTS,
  type AccountStatus,
  CHANNEL_INBOUND,
  CHANNEL_RECEIPTS,
  CHANNELS,
  type ChannelReceiptEvent,
  channelOutbound,
  type MessageReceived,
  type SendCommand,
  UPLOADER_HEADER,
} from '@huiliu/contracts';
import { loadConfig, newId, type RunningService, SecretBox, startService } from '@huiliu/platform';
import { StorageModule } from '@huiliu/storage';
import { call, eventually, type MailServer, type SmtpSink } from '@huiliu/testing';
import { ConnectorEmailModule } from '../connector-email.module';

const APP = 'connector-email';
const PREFIX = 'connector_email';

type Receipt = ChannelReceiptEvent['data'];

/** The connector alone, started for a test: real IMAP and SMTP, embedded bus, SQLite, and an inbox that is played. */
export class EmailApp {
  readonly inbound: MessageReceived[] = [];
  readonly receipts: Receipt[] = [];
  readonly statuses: AccountStatus[] = [];
  private revision = 0;

  private constructor(
    readonly service: RunningService,
    readonly inbox: PlayedInbox,
    readonly folder: string,
  ) {}

  static async start(options: { env?: Record<string, string>; folder?: string } = {}): Promise<EmailApp> {
    const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'huiliu-email-')));
    const inbox = await PlayedInbox.start();
    const service = await startService(
      {
        name: APP,
        modules: (loaded) => [
          StorageModule.forRoot({ prefix: PREFIX, schemas: [connectorSchema(PREFIX), ...busSchemas(loaded, PREFIX)] }),
          BusModule.forRoot(),
          ConnectorEmailModule,
        ],
        strategy: (app) => app.get(BusServer),
      },
      loadConfig({
        PORT: '0',
        HUILIU_DATA: folder,
        LOG_LEVEL: 'silent',
        HUILIU_INBOX_URL: inbox.url,
        OUTBOUND_ALLOW: '127.0.0.0/8',
        ...options.env,
      }),
    );
    const app = new EmailApp(service, inbox, folder);
    await app.bus.tail<MessageReceived>(CHANNEL_INBOUND, 'beginning', (records) => {
      for (const { envelope } of records) app.inbound.push(envelope.data);
    });
    await app.bus.tail<Receipt>(CHANNEL_RECEIPTS, 'beginning', (records) => {
      for (const { envelope } of records) app.receipts.push(envelope.data);
    });
    await app.bus.tail<AccountStatus>(CHANNELS, 'beginning', (records) => {
      for (const { envelope } of records) if (envelope.type === 'account.status') app.statuses.push(envelope.data);
    });
    await eventually('ready', async () => (await call(service.url, 'GET', '/readyz')).status === 200);
    return app;
  }

  get bus(): MessageBus {
    return this.service.app.get(MessageBus);
  }

  async stop(keep = false): Promise<void> {
    await this.service.stop();
    await this.inbox.stop();
    if (!keep) await rm(this.folder, { recursive: true, force: true });
  }

  /** Configures an account as the inbox does. */
  async account(config: Record<string, unknown>, accountId = newId()): Promise<string> {
    const box = this.service.app.get(SecretBox);
    const sealed = structuredClone(config) as Record<string, { pass?: string }>;
    for (const server of [sealed.imap, sealed.smtp])
      if (server?.pass !== undefined) server.pass = box.seal(server.pass);
    const revision = ++this.revision;
    const data = { accountId, channel: 'email', name: '小店客服', config: sealed, revision };
    await this.bus.publish([wrap(ACCOUNTS, 'account.configured', accountId, data, new Date())]);
    await eventually(
      'the account is known',
      () => this.service.app.get(AccountDirectory).get(accountId)?.revision === revision,
    );
    return accountId;
  }

  /** An account on real servers, its mailbox open. */
  async mailbox(
    server: MailServer,
    sink: SmtpSink,
    user: string,
    config: Record<string, unknown> = {},
  ): Promise<string> {
    const accountId = await this.account({
      address: 'support@shop.example',
      imap: server.login(user),
      smtp: sink.login(user),
      ...config,
    });
    await this.stands(accountId, 'ok');
    return accountId;
  }

  status(accountId: string): AccountStatus | undefined {
    return this.statuses.filter((one) => one.accountId === accountId).at(-1);
  }

  stands(accountId: string, state: AccountStatus['state']): Promise<AccountStatus> {
    return eventually(
      `${accountId} is ${state}`,
      () => {
        const status = this.status(accountId);
        if (status?.state !== state) throw new Error(JSON.stringify(status ?? null));
        return status;
      },
      40_000,
    );
  }

  of(accountId: string): MessageReceived[] {
    return this.inbound.filter((one) => one.accountId === accountId);
  }

  shown(accountId: string, remoteId: string, timeoutMs?: number): Promise<MessageReceived> {
    return eventually(
      `${remoteId} is published`,
      () => this.of(accountId).find((one) => one.remoteId === remoteId),
      timeoutMs,
    );
  }

  /** An answer as the inbox sends it out; resolves when the connector has said what became of it. */
  async send(accountId: string, over: Partial<SendCommand> = {}): Promise<Receipt> {
    const command: SendCommand = {
      conversationId: newId(),
      accountId,
      channel: 'email',
      remoteConversationId: '<a@b.example>',
      remoteContactId: 'wang@customer.example',
      messageId: newId(),
      attempt: 1,
      content: { kind: 'text', text: '您好' },
      authorType: 'agent',
      authorName: 'Lin',
      inReplyTo: '<a@b.example>',
      fromPart: 1,
      ...over,
    };
    await this.bus.publish([wrap(channelOutbound(APP), 'message.send', command.conversationId, command, new Date())]);
    return eventually(
      'a receipt',
      () => this.receipts.find((receipt) => receipt.messageId === command.messageId),
      30_000,
    );
  }
}

/** The inbox's files as a connector meets them. */
export class PlayedInbox {
  down = false;
  readonly files = new Map<string, { uploader: string; name: string; bytes: Buffer }>();
  private readonly server: Server = createServer(
    (request: IncomingMessage, response: ServerResponse) => void this.answer(request, response),
  );

  static async start(): Promise<PlayedInbox> {
    const inbox = new PlayedInbox();
    await new Promise<void>((resolve) => inbox.server.listen(0, '127.0.0.1', resolve));
    return inbox;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** A file that an agent has brought. */
  add(bytes: Buffer): string {
    const id = newId();
    this.files.set(id, { uploader: '', name: 'file', bytes });
    return id;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.down) return void request.socket.destroy();
    const id = /^\/internal\/attachments\/([0-9A-Z]{26})\?/.exec(request.url ?? '')?.[1];
    if (id !== undefined) return void response.end(this.files.get(id)?.bytes);
    const body = await new Response(request as never, {
      headers: { 'content-type': String(request.headers['content-type']) },
    }).formData();
    const file = body.get('file');
    if (!(file instanceof File)) return void response.writeHead(400).end('{}');
    const fresh = newId();
    const bytes = Buffer.from(await file.arrayBuffer());
    this.files.set(fresh, { uploader: String(request.headers[UPLOADER_HEADER]), name: file.name, bytes });
    const attachment = { id: fresh, name: file.name, mime: file.type, size: bytes.length };
    response
      .writeHead(201, { 'content-type': 'application/json' })
      .end(JSON.stringify({ ...attachment, url: `/api/v1/attachments/${fresh}` }));
  }
}
