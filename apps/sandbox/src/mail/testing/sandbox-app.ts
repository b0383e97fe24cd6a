import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BusModule, busSchemas, BusServer, MessageBus, wrap } from '@huiliu/bus';
import { ACCOUNTS } from '@huiliu/contracts';
import { loadConfig, newId, type RunningService, startService } from '@huiliu/platform';
import { StorageModule } from '@huiliu/storage';
import { call, expectStatus } from '@huiliu/testing';
import { SandboxModule } from '../../sandbox.module';

/** The sandbox alone, started for a test. */
export class SandboxApp {
  private constructor(
    readonly service: RunningService,
    private readonly folder: string,
  ) {}

  static async start(env: Readonly<Record<string, string>> = {}): Promise<SandboxApp> {
    const folder = await mkdtemp(join(tmpdir(), 'huiliu-sandbox-'));
    const config = loadConfig({ PORT: '0', HUILIU_DATA: folder, LOG_LEVEL: 'silent', ...env });
    const service = await startService(
      {
        name: 'sandbox',
        modules: (loaded) => [
          StorageModule.forRoot({ prefix: 'sandbox', schemas: busSchemas(loaded, 'sandbox') }),
          BusModule.forRoot(),
          SandboxModule,
        ],
        strategy: (app) => app.get(BusServer),
      },
      config,
    );
    return new SandboxApp(service, folder);
  }

  get<T>(path: string): Promise<T> {
    return call<T>(this.service.url, 'GET', `/sandbox/api/${path}`).then((answer) => expectStatus(answer, 200));
  }

  post<T>(path: string, json: unknown, status = 201): Promise<T> {
    return call<T>(this.service.url, 'POST', `/sandbox/api/${path}`, { json }).then((answer) =>
      expectStatus(answer, status),
    );
  }

  /** Tells of an account as the inbox does. */
  async configure(channel: string, config: Record<string, unknown>): Promise<string> {
    const accountId = newId();
    const now = new Date();
    const data = { accountId, channel, name: '示例', revision: 1, config };
    await this.service.app.get(MessageBus).publish([wrap(ACCOUNTS, 'account.configured', accountId, data, now)]);
    return accountId;
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
