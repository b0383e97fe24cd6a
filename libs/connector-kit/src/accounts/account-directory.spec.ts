import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { type MessageBus, type Tail, type TailRecord, wrap } from '@huiliu/bus';
import { ACCOUNTS } from '@huiliu/contracts';
import { type Config, HealthRegistry, newId, SecretBox } from '@huiliu/platform';
import { eventually } from '@huiliu/testing';
import { toyConnector, toyPlatform } from '../testing/toy-connector';
import { AccountDirectory } from './account-directory';

const master = { masterKey: randomBytes(32), oldMasterKeys: [] };

/** A topic that can be out of reach. */
class PlayedBus {
  away = false;
  readonly records: TailRecord[] = [];

  tail(_topic: unknown, _from: unknown, take: (records: readonly TailRecord[]) => void): Promise<Tail> {
    if (this.away) return Promise.reject(new Error('the broker is away'));
    take(this.records);
    return Promise.resolve({ caughtUp: Promise.resolve(), close: () => Promise.resolve(), healthy: () => true });
  }

  configured(accountId: string, revision: number, secrets: SecretBox): void {
    const config = { shop: `shop ${revision}`, secret: secrets.seal('very secret') };
    const data = { accountId, channel: 'toy', name: 'Toy shop', config, revision };
    this.add(wrap<unknown>(ACCOUNTS, 'account.configured', accountId, data, new Date()));
  }

  deleted(accountId: string, revision: number): void {
    const data = { accountId, channel: 'toy', revision };
    this.add(wrap<unknown>(ACCOUNTS, 'account.deleted', accountId, data, new Date()));
  }

  private add({ envelope }: { envelope: TailRecord['envelope'] }): void {
    this.records.push({
      topic: ACCOUNTS,
      partition: 0,
      offset: String(this.records.length),
      occurredAtMs: Date.now(),
      envelope,
    });
  }
}

describe('AccountDirectory', () => {
  let folder: string;
  let bus: PlayedBus;
  let secrets: SecretBox;
  const opened: AccountDirectory[] = [];

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'huiliu-accounts-'));
    bus = new PlayedBus();
    secrets = new SecretBox(master);
  });
  afterEach(async () => {
    for (const directory of opened.splice(0)) await directory.onApplicationShutdown();
    await rm(folder, { recursive: true, force: true });
  });

  /** A process's directory, as Nest starts it. */
  async function start(box = secrets): Promise<{ directory: AccountDirectory; health: HealthRegistry }> {
    const health = new HealthRegistry();
    const options = { app: 'connector-toy', connectors: [toyConnector('toy', toyPlatform())] };
    const directory = new AccountDirectory(
      bus as unknown as MessageBus,
      box,
      health,
      { dataDir: folder } as Config,
      options,
    );
    opened.push(directory);
    await directory.onModuleInit();
    directory.onApplicationBootstrap();
    return { directory, health };
  }

  /** A process that read the topic and ended, leaving its folder. */
  async function earlier(): Promise<void> {
    const { directory } = await start();
    await directory.ready;
    await directory.onApplicationShutdown();
    opened.splice(opened.indexOf(directory), 1);
  }

  it('serves the accounts it knew when it starts while the bus is away, and is ready', async () => {
    const id = newId();
    bus.configured(id, 1, secrets);
    await earlier();
    bus.away = true;
    const { directory, health } = await start();
    expect(directory.find('toy', id)?.config).toMatchObject({ shop: 'shop 1', secret: 'very secret' });
    expect([directory.isLoaded, await health.readiness()]).toEqual([false, { status: 'ok', checks: {} }]);
  });

  it('learns what changed meanwhile when the bus is back', async () => {
    const [changed, gone, unheardOf] = [newId(), newId(), newId()];
    for (const id of [changed, gone, unheardOf]) bus.configured(id, 1, secrets);
    await earlier();
    bus.records.length = 0;
    bus.configured(changed, 2, secrets);
    bus.deleted(gone, 2);
    bus.away = true;
    const { directory } = await start();
    expect(directory.all()).toHaveLength(3);
    const told: unknown[] = [];
    directory.onChange(({ id, after }) => told.push([id, after?.revision ?? null]));
    bus.away = false;
    await eventually('read', () => directory.isLoaded);
    expect(directory.all().map(({ id, revision }) => [id, revision])).toEqual([[changed, 2]]);
    expect(told).toEqual([
      [changed, 2],
      [gone, null],
      [unheardOf, null],
    ]);
  });

  it('keeps no secret in clear, and trusts nothing that was changed or sealed under another key', async () => {
    bus.configured(newId(), 1, secrets);
    await earlier();
    const file = join(folder, 'accounts', 'connector-toy.sealed');
    const kept = await readFile(file, 'utf8');
    expect(kept).not.toMatch(/secret|shop/);
    bus.away = true;
    expect((await start(new SecretBox({ ...master, masterKey: randomBytes(32) }))).directory.all()).toEqual([]);
    await writeFile(file, `${kept.slice(0, -8)}AAAAAAAA`);
    const { directory, health } = await start();
    expect([directory.all(), (await health.readiness()).status]).toEqual([[], 'unavailable']);
  });
});
