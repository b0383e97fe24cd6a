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

const SERVER = { type: 'object', properties: { pass: { type: 'string' } } };
const EMAIL = {
  ...HOOK_CHANNEL,
  channel: 'email',
  ingress: 'poll' as const,
  configSchema: { type: 'object', properties: { address: { type: 'string' }, imap: SERVER, smtp: SERVER } },
  secrets: ['imap.pass', 'smtp.pass'],
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

  it("makes a mailbox on the sandbox's mail server, and follows it to other ports", async () => {
    const other = await EdgesApp.start({ SANDBOX_SMTP_PORT: '2525', SANDBOX_IMAP_PORT: '2143' });
    try {
      const { app: nest, config } = other.service;
      const mailboxes = async (): Promise<Account[]> =>
        (await other.call<{ items: Account[] }>(other.admin, 'GET', '/accounts')).body.items.filter(
          ({ channel }) => channel === 'email',
        );
      const seeding = nest.get(DemoSeeder).seed();
      await other.define(WEBCHAT);
      await other.define(EMAIL);
      await seeding;
      const login = { host: '127.0.0.1', secure: false, user: 'service@shanye.example' };
      const [made] = await mailboxes();
      expect(made?.config).toEqual({
        address: 'service@shanye.example',
        imap: { ...login, port: 2143 },
        smtp: { ...login, port: 2525 },
        importFrom: 'start',
      });
      config.sandboxMailListensOn({ smtpPort: 3525, imapPort: 3143 });
      await nest.get(DemoSeeder).seed();
      expect(await mailboxes()).toMatchObject([
        { id: made?.id, config: { imap: { port: 3143 }, smtp: { port: 3525 } } },
      ]);
      await other.call(other.admin, 'DELETE', `/accounts/${made?.id}`);
      await nest.get(DemoSeeder).seed();
      expect(await mailboxes()).toEqual([]);
    } finally {
      await other.stop();
    }
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
