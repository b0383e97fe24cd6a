import type { DynamicModule } from '@nestjs/common';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BusModule, BusServer, busSchemas, MessageBus, wrap } from '@huiliu/bus';
import { configJsonSchema, connectorPrefix, connectorSchema, mapPaths, secretPaths } from '@huiliu/connector-kit';
import { ACCOUNTS, CHANNEL_INBOUND, type ChannelInboundEvent } from '@huiliu/contracts';
import { loadConfig, newId, type RunningService, SecretBox, startService } from '@huiliu/platform';
import { StorageModule } from '@huiliu/storage';
import { eventually } from '@huiliu/testing';
import { type Played, PlayedAccounts } from '../../../apps/sandbox/src/platforms/played-accounts';
import type { Platform } from '../../../apps/sandbox/src/platforms/platform';
import { SandboxModule } from '../../../apps/sandbox/src/sandbox.module';
import { type ConnectorFolder, moduleOf } from '../../lib/connector-folders';
import { PushLine } from './push-line';

/** A connector's app with the sandbox beside it, in this process: real HTTP, embedded bus, SQLite; nobody behind them. */
export class FuzzApp {
  private constructor(
    private readonly service: RunningService,
    private readonly data: string,
    readonly line: PushLine,
  ) {}

  static async start(connector: ConnectorFolder, onInbound: (event: ChannelInboundEvent) => void): Promise<FuzzApp> {
    const prefix = connectorPrefix(connector.app);
    const data = await mkdtemp(join(tmpdir(), 'huiliu-fuzz-'));
    const service = await startService(
      {
        name: connector.app,
        modules: (config) => [
          StorageModule.forRoot({ prefix, schemas: [connectorSchema(prefix), ...busSchemas(config, prefix)] }),
          BusModule.forRoot(),
          moduleOf(connector) as DynamicModule,
          SandboxModule,
        ],
        strategy: (app) => app.get(BusServer),
      },
      loadConfig({ PORT: '0', HUILIU_DATA: data, LOG_LEVEL: 'silent', SANDBOX_SMTP_PORT: '0', SANDBOX_IMAP_PORT: '0' }),
    );
    await service.app.get(MessageBus).tail<ChannelInboundEvent['data']>(CHANNEL_INBOUND, 'end', (records) => {
      for (const { envelope } of records) onInbound(envelope as unknown as ChannelInboundEvent);
    });
    return new FuzzApp(service, data, new PushLine(service.port));
  }

  /** An account at the platform, set up here. */
  async account(connector: ConnectorFolder, platform: Platform): Promise<Played> {
    const accounts = this.service.app.get(PlayedAccounts);
    const box = this.service.app.get(SecretBox);
    const { channel, config: schema } = connector.definition;
    const id = newId();
    const clear = { ...platform.register(), ...(await accounts.reachOf(platform)) };
    const config = mapPaths(clear, secretPaths(configJsonSchema(schema)), (value) => box.seal(value));
    const data = { accountId: id, channel, name: 'Shop', config, revision: 1 };
    await this.service.app.get(MessageBus).publish([wrap(ACCOUNTS, 'account.configured', id, data, new Date())]);
    const played = await eventually('the account is played', () => accounts.find(channel, id));
    await eventually('the connector serves the account', async () => {
      const { query, expected } = played.account.handshake({ nowMs: Date.now() });
      const answer = await this.line.send(id, channel, {
        method: 'GET',
        query,
        contentType: null,
        body: Buffer.alloc(0),
      });
      return answer.status === 200 && answer.body === expected;
    });
    return played;
  }

  async stop(): Promise<void> {
    this.line.close();
    await this.service.stop();
    await rm(this.data, { recursive: true, force: true });
  }
}
