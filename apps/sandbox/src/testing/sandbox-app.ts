import { Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BusModule, BusServer, busSchemas, MessageBus, wrap } from '@huiliu/bus';
import { ACCOUNTS } from '@huiliu/contracts';
import { loadConfig, newId, type RunningService, startService } from '@huiliu/platform';
import { StorageModule } from '@huiliu/storage';
import { call, eventually, expectStatus } from '@huiliu/testing';
import { SandboxModule } from '../sandbox.module';

/** A push as it arrived. */
export interface Arrived {
  readonly query: URLSearchParams;
  readonly body: string;
}

/** What the receiver does with pushes: the test's script. */
export const receiver = { arrived: [] as Arrived[], status: 200, answerAfterMs: 0 };

/** Takes pushes where the product would. */
@Injectable()
class Receiver implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    void fastify.register((scope, _options, done) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, parsed) => parsed(null, body));
      scope.post('/webhooks/:channel/:account', async (request, reply) => {
        const query = new URLSearchParams((request.raw.url ?? '').split('?')[1]);
        receiver.arrived.push({ query, body: String(request.body) });
        if (receiver.answerAfterMs > 0) await new Promise((resolve) => setTimeout(resolve, receiver.answerAfterMs));
        await reply.status(receiver.status).send('success');
      });
      done();
    });
  }
}

@Module({ providers: [Receiver] })
class ReceiverModule {}

/** The sandbox alone: real HTTP, embedded bus, and a receiver for its pushes. */
export class SandboxApp {
  private constructor(
    private service: RunningService,
    private readonly folder: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  static async start(env: Readonly<Record<string, string>> = {}): Promise<SandboxApp> {
    const folder = await mkdtemp(join(tmpdir(), 'huiliu-sandbox-'));
    return new SandboxApp(await serve(folder, { PORT: '0', ...env }), folder, env);
  }

  /** Ends and starts again on the same data, at the same address. */
  async restart(): Promise<void> {
    const { port } = new URL(this.url);
    await this.service.stop();
    this.service = await serve(this.folder, { ...this.env, PORT: port });
  }

  get url(): string {
    return this.service.url;
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Registers at the platform and configures an account of ours with what it gave. */
  async account(
    channel: string,
    over: Record<string, unknown> = {},
  ): Promise<{ id: string; config: Record<string, string> }> {
    const registered = await call<{ config: Record<string, string> }>(
      this.url,
      'POST',
      `/sandbox/api/platforms/${channel}/registrations`,
    );
    const config = { ...registered.body.config, ...over } as Record<string, string>;
    for (const [name, value] of Object.entries(config)) if (value === undefined) delete config[name];
    const id = await this.configure(channel, config);
    await eventually('the account is played', async () => (await this.api(channel, id, 'GET', 'sent')).status === 200);
    return { id, config };
  }

  /** Tells of an account as the inbox does; answers its id. */
  async configure(channel: string, config: Record<string, unknown>): Promise<string> {
    const id = newId();
    const data = { accountId: id, channel, name: 'Shop', config, revision: 1 };
    await this.service.app.get(MessageBus).publish([wrap(ACCOUNTS, 'account.configured', id, data, new Date())]);
    return id;
  }

  async get<T>(path: string): Promise<T> {
    return expectStatus(await call<T>(this.url, 'GET', `/sandbox/api/${path}`), 200);
  }

  async post<T>(path: string, json: unknown, status = 201): Promise<T> {
    return expectStatus(await call<T>(this.url, 'POST', `/sandbox/api/${path}`, { json }), status);
  }

  api<T = never>(channel: string, account: string, method: string, path: string, json?: unknown) {
    return call<T>(
      this.url,
      method,
      `/sandbox/api/platforms/${channel}/${account}/${path}`,
      json === undefined ? {} : { json },
    );
  }
}

function serve(folder: string, env: Readonly<Record<string, string>>): Promise<RunningService> {
  return startService(
    {
      name: 'sandbox',
      modules: (config) => [
        StorageModule.forRoot({ prefix: 'sandbox', schemas: busSchemas(config, 'sandbox') }),
        BusModule.forRoot(),
        SandboxModule,
        ReceiverModule,
      ],
      strategy: (app) => app.get(BusServer),
    },
    loadConfig({ HUILIU_DATA: folder, LOG_LEVEL: 'silent', ...env }),
  );
}
