import { ACCOUNTS, type Account, type AccountConfigured } from '@huiliu/contracts';
import { eventually } from '@huiliu/testing';
import { AdminBootstrap } from '../agents/admin-bootstrap';
import { EdgesApp, login } from '../testing/edges-app';
import { HOOK_CHANNEL } from '../testing/facts';
import { DemoSeeder } from './demo-seeder';

const WEBCHAT = {
  ...HOOK_CHANNEL,
  channel: 'webchat',
  ingress: 'visitor' as const,
  configSchema: {
    type: 'object',
    properties: { allowedOrigins: { type: 'array', items: { type: 'string' } } },
    required: ['allowedOrigins'],
    additionalProperties: false,
  },
  secrets: [],
};

describe('the demo', () => {
  let app: EdgesApp;
  beforeAll(async () => {
    app = await EdgesApp.start();
  });
  afterAll(() => app.stop());

  it('makes two agents and a website, once', async () => {
    const seeder = app.service.app.get(DemoSeeder);
    const seeding = seeder.seed();
    await app.define(WEBCHAT);
    const made = await seeding;
    expect(made.map(({ username, name }) => [username, name])).toEqual([
      ['lin', '小林'],
      ['chen', '小陈'],
    ]);
    for (const { username, password } of made) await login(app.url, username, password);
    const accounts = async (): Promise<Account[]> =>
      (await app.call<{ items: Account[] }>(app.admin, 'GET', '/accounts')).body.items;
    const [shop] = await accounts();
    expect(shop).toMatchObject({
      channel: 'webchat',
      name: '汇流示例商店',
      webhookUrl: null,
      config: { allowedOrigins: [] },
    });
    expect(await seeder.seed()).toEqual([]);
    expect(await accounts()).toHaveLength(1);
    const told: AccountConfigured[] = [];
    await app.bus.tail(ACCOUNTS, 'beginning', (records) =>
      told.push(...records.map(({ envelope }) => envelope.data as AccountConfigured)),
    );
    await eventually('the connector is told', () => told.some(({ accountId }) => accountId === shop?.id));
  });

  it('gives no password that the operator has set', () => {
    expect(app.service.app.get(AdminBootstrap).takeGeneratedPassword()).toBeNull();
  });

  it('gives a generated admin password once', async () => {
    const other = await EdgesApp.startWithoutLogin({ HUILIU_ADMIN_PASSWORD: '' });
    try {
      const bootstrap = other.service.app.get(AdminBootstrap);
      const password = bootstrap.takeGeneratedPassword() ?? '';
      expect(password).toHaveLength(20);
      expect(bootstrap.takeGeneratedPassword()).toBeNull();
      await login(other.service.url, 'admin', password);
    } finally {
      await other.stop();
    }
  });
});
