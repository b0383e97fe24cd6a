import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Type } from '@nestjs/common';
import { BusModule, BusServer, busSchemas, MessageBus, wrap } from '@huiliu/bus';
import {
  CHANNELS,
  INBOX_EVENTS,
  ServerFrame,
  type ChannelDefinition,
  type ConversationAccess,
  type InboxEvent,
} from '@huiliu/contracts';
import { loadConfig, newId, serveOpenApi, startService, type RunningService } from '@huiliu/platform';
import { Database, StorageModule, toDbTime } from '@huiliu/storage';
import { call, expectStatus, FrameSocket, socketUrl, type Answer, type Call } from '@huiliu/testing';
import { ChannelRegistry } from '../channels/channel-registry';
import { InboxEdgesModule } from '../inbox-edges.module';
import { inboxOpenApi } from '../openapi/inbox-openapi';
import { InboxFeed } from '../realtime/inbox-feed';
import { INBOX_SCHEMA } from '../schema';
import { conversationOf, messageOf } from './facts';

export const ADMIN_PASSWORD = 'correct horse battery';
export const PASSWORD = 'long enough 1';

/** A signed-in agent of a test. */
export interface Person {
  readonly id: string;
  readonly username: string;
  readonly token: string;
}

/** The inbox without its conversations, started for a test: real HTTP, embedded bus, SQLite. */
export class EdgesApp {
  private constructor(
    readonly service: RunningService,
    private readonly folder: string,
    readonly admin: Person,
  ) {}

  /** Starts one and signs the admin in. */
  static async start(
    env: Readonly<Record<string, string>> = {},
    inbox: Type<unknown> = InboxEdgesModule,
  ): Promise<EdgesApp> {
    const { service, folder } = await startEdges(env, inbox);
    const token = await login(service.url, 'admin', ADMIN_PASSWORD);
    const me = expectStatus(await call<{ id: string }>(service.url, 'GET', '/api/v1/agents/me', { token }), 200);
    return new EdgesApp(service, folder, { id: me.id, username: 'admin', token });
  }

  /** Only starts one. */
  static async startWithoutLogin(
    env: Readonly<Record<string, string>> = {},
  ): Promise<Pick<EdgesApp, 'service' | 'stop'>> {
    const { service, folder } = await startEdges(env, InboxEdgesModule);
    return new EdgesApp(service, folder, { id: '', username: '', token: '' });
  }

  get url(): string {
    return this.service.url;
  }

  get db(): Database {
    return this.service.app.get(Database);
  }

  get bus(): MessageBus {
    return this.service.app.get(MessageBus);
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  call<T = Record<string, unknown>>(
    who: Person | null,
    method: string,
    path: string,
    options: Call = {},
  ): Promise<Answer<T>> {
    return call<T>(this.url, method, `/api/v1${path}`, who === null ? options : { token: who.token, ...options });
  }

  /** A new agent, signed in. */
  async person(
    role: 'agent' | 'supervisor' | 'admin' = 'agent',
    username = `u-${newId().toLowerCase()}`,
  ): Promise<Person> {
    const json = { username, name: username, password: PASSWORD, role, capacity: 5 };
    const { id } = expectStatus(await this.call<{ id: string }>(this.admin, 'POST', '/agents', { json }), 201);
    return { id, username, token: await login(this.url, username, PASSWORD) };
  }

  async team(json: Record<string, unknown>): Promise<{ id: string }> {
    return expectStatus(
      await this.call<{ id: string }>(this.admin, 'POST', '/teams', { json: { name: 'team', ...json } }),
      201,
    );
  }

  /** Publishes a connector's definition and waits until it is known. */
  async define(definition: ChannelDefinition): Promise<void> {
    await this.bus.publish([wrap(CHANNELS, 'channel.defined', definition.channel, definition, new Date())]);
    await this.service.app.get(ChannelRegistry).whenDefined(definition.channel, 5_000);
  }

  /** A conversation in the database, as the core would have stored it; its id. */
  async conversation(access: ConversationAccess, over: { waiting?: boolean } = {}): Promise<string> {
    const id = newId();
    const now = toDbTime(new Date());
    const columns = [
      'id',
      'channel',
      'account_id',
      'identity_id',
      'contact_id',
      'remote_conversation_id',
      'remote_key',
      'status',
      'assignee_id',
      'team_id',
    ];
    const values = [
      id,
      'webchat',
      access.accountId,
      id,
      id,
      id,
      id.padEnd(43, '0'),
      'open',
      access.assigneeId,
      access.teamId,
    ];
    await this.db.transaction((tx) =>
      tx.insertMany(
        'inbox_conversations',
        [
          ...columns,
          'priority',
          'tags',
          'last_message_at',
          'waiting_since',
          'assignment_version',
          'created_at',
          'updated_at',
        ],
        [[...values, 'normal', '[]', now, over.waiting ? now : null, 3, now, now]],
      ),
    );
    return id;
  }

  /** Publishes one of the inbox's facts. */
  async fact<T extends InboxEvent['type']>(
    type: T,
    key: string,
    data: Extract<InboxEvent, { type: T }>['data'],
  ): Promise<void> {
    await this.bus.publish([wrap(INBOX_EVENTS, type, key, data, new Date())]);
  }

  async message(conversationId: string, seq: number, access: ConversationAccess): Promise<void> {
    await this.fact('message.created', conversationId, {
      message: messageOf(conversationId, seq),
      accountId: access.accountId,
      public: true,
      access,
    });
  }

  async moved(conversationId: string, access: ConversationAccess, before: ConversationAccess | null): Promise<void> {
    await this.fact('conversation.updated', conversationId, {
      conversation: conversationOf(conversationId, access),
      access,
      before,
    });
  }

  async ticket(who: Person): Promise<string> {
    return expectStatus(await this.call<{ ticket: string }>(who, 'POST', '/ws-ticket'), 201).ticket;
  }

  async socket(who: Person, headers: Record<string, string> = {}): Promise<FrameSocket> {
    return FrameSocket.open(socketUrl(this.url, `/ws?ticket=${await this.ticket(who)}`), headers);
  }
}

async function startEdges(
  env: Readonly<Record<string, string>>,
  inbox: Type<unknown>,
): Promise<{ service: RunningService; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'huiliu-edges-'));
  const own = {
    PORT: '0',
    HOST: '127.0.0.1',
    HUILIU_DATA: folder,
    HUILIU_ADMIN_PASSWORD: ADMIN_PASSWORD,
    LOG_LEVEL: 'silent',
  };
  const config = loadConfig({ ...own, ...env }, { mode: 'suite' });
  const service = await startService(
    {
      name: 'inbox',
      modules: () => [
        StorageModule.forRoot({ prefix: 'inbox', schemas: [INBOX_SCHEMA, ...busSchemas(config, 'inbox')] }),
        BusModule.forRoot(),
        inbox,
      ],
      strategy: (app) => app.get(BusServer),
      prepare: (app) => serveOpenApi(app, inboxOpenApi(app)),
    },
    config,
  );
  await service.app.get(InboxFeed).whenReady();
  return { service, folder };
}

/** A token for a name and password that are right. */
export async function login(url: string, username: string, password: string): Promise<string> {
  return expectStatus(
    await call<{ token: string }>(url, 'POST', '/api/v1/auth/login', { json: { username, password } }),
    200,
  ).token;
}

/** The frames of the record among those a socket got, `hello` excepted. */
export function recordFrames(socket: FrameSocket): ServerFrame[] {
  return socket.frames.filter((frame) => frame.seq !== null && frame.type !== 'hello');
}
