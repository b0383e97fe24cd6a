import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DynamicModule, Inject, Injectable, Module, type BeforeApplicationShutdown } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Config, HealthRegistry, Metrics } from '@huiliu/platform';
import { Clock } from './clock';
import { Database } from './database';
import { HandledEvents } from './handled';
import { Leases } from './leases';
import { OutboxRelay } from './outbox/relay';
import { TableOutbox } from './outbox/table-outbox';
import { SAMPLE } from './specs/sample';
import { StorageModule } from './storage.module';
import { TablePrefix } from './table-prefix';

@Module({})
class PlatformForTest {
  static with(config: Partial<Config>): DynamicModule {
    const providers = [{ provide: Config, useValue: config }, HealthRegistry, Metrics];
    return { module: PlatformForTest, global: true, providers, exports: [Config, HealthRegistry, Metrics] };
  }
}

/** A part that still writes while the app shuts down. */
@Injectable()
class LastWord implements BeforeApplicationShutdown {
  said = false;
  constructor(@Inject(Database) private readonly database: Database) {}

  async beforeApplicationShutdown(): Promise<void> {
    await this.database.transaction((tx) => tx.insertMany('sample_threads', ['id'], [['last']]));
    this.said = true;
  }
}

test('the module opens the database before anyone asks for it, watches it, and closes it last', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'huiliu-storage-'));
  const config = { bus: 'kafka', databaseUrl: `sqlite:${join(dir, 'a.sqlite')}`, dataDir: dir } as const;
  const module = await Test.createTestingModule({
    imports: [PlatformForTest.with(config), StorageModule.forRoot({ prefix: 'sample', schemas: [SAMPLE] })],
    providers: [LastWord],
  }).compile();
  const app = await module.init();
  const database = app.get(Database);
  expect(await database.query('SELECT * FROM sample_threads')).toEqual([]);
  expect(app.get(TablePrefix).value).toBe('sample');
  for (const token of [Clock, Leases, HandledEvents, TableOutbox, OutboxRelay])
    expect(app.get(token)).toBeInstanceOf(token);
  const health = app.get(HealthRegistry);
  expect(await health.readiness()).toEqual({ status: 'ok', checks: {} });
  await app.close();
  expect(app.get(LastWord).said).toBe(true);
  expect(await health.readiness()).toEqual({
    status: 'unavailable',
    checks: { database: 'the database does not answer' },
  });
  rmSync(dir, { recursive: true });
});
