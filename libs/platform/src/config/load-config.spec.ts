import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeConfig } from './describe-config';
import { KEYS } from './keys';
import { ConfigError, loadConfig } from './load-config';

const KEY = Buffer.alloc(32, 7).toString('base64');
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'huiliu-config-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const load = (env: Record<string, string>, mode?: 'suite' | 'app') =>
  loadConfig({ HUILIU_DATA: dir, ...env }, { mode });
const problems = (env: Record<string, string>, mode?: 'suite' | 'app'): readonly string[] => {
  try {
    load(env, mode);
  } catch (error) {
    return (error as ConfigError).problems;
  }
  return [];
};

test('an empty environment is a complete configuration for trying out', () => {
  expect(load({})).toMatchObject({
    production: false,
    bus: 'embedded',
    kafkaBrokers: [],
    databaseUrl: `sqlite:${join(dir, 'huiliu.sqlite')}`,
    host: '127.0.0.1',
    port: 3000,
    dataDir: dir,
    publicUrl: null,
    adminPassword: null,
    metricsToken: null,
    rateLimits: true,
    inboxUrl: 'http://127.0.0.1:3000',
    logLevel: 'info',
  });
});

test("the sandbox's mail server stands beside our port, is let through there alone, and is not in production", () => {
  expect(load({}).sandboxMail).toEqual({ smtpPort: 3025, imapPort: 3143 });
  expect(load({ PORT: '8000', SANDBOX_PUPPET_PORT: '0' }).sandboxEndpoints).toEqual([
    '127.0.0.1:8025',
    '127.0.0.1:8143',
  ]);
  expect(
    load({ SANDBOX_SMTP_PORT: '2525', SANDBOX_IMAP_PORT: '0', SANDBOX_PUPPET_PORT: '0' }).sandboxEndpoints,
  ).toEqual(['127.0.0.1:2525']);
  const chosen = load({ PORT: '0' });
  expect(chosen.sandboxEndpoints).toEqual([]);
  chosen.sandboxMailListensOn({ smtpPort: 40001, imapPort: 40002 });
  expect(chosen.sandboxEndpoints).toEqual(['127.0.0.1:40001', '127.0.0.1:40002']);
  const production = load({ NODE_ENV: 'production', HUILIU_MASTER_KEY: KEY, SANDBOX_SMTP_PORT: '2525' });
  expect(production.sandboxMail).toBeNull();
  production.sandboxMailListensOn({ smtpPort: 40001, imapPort: 40002 });
  expect(production.sandboxEndpoints).toEqual([]);
});

test('production listens everywhere and takes its key from the environment', () => {
  const config = load({ NODE_ENV: 'production', HUILIU_MASTER_KEY: KEY });
  expect(config).toMatchObject({ production: true, host: '0.0.0.0' });
  expect(config.masterKey).toEqual(Buffer.alloc(32, 7));
  expect(config.ownUrl).toBe('http://127.0.0.1:3000');
});

test('the key is generated once, readable by its owner only, and kept', () => {
  const first = load({}).masterKey;
  expect(first).toHaveLength(32);
  expect(statSync(join(dir, 'master.key')).mode & 0o777).toBe(0o600);
  expect(load({}).masterKey).toEqual(first);
});

test('a broken kept key is never replaced', () => {
  writeFileSync(join(dir, 'master.key'), 'short');
  expect(problems({})).toEqual([expect.stringContaining('HUILIU_MASTER_KEY')]);
  expect(readFileSync(join(dir, 'master.key'), 'utf8')).toBe('short');
});

test.each([
  ['embedded with MySQL', { DATABASE_URL: 'mysql://root@localhost/huiliu' }, undefined, ['DATABASE_URL']],
  [
    'Kafka with SQLite',
    { BUS: 'kafka', KAFKA_BROKERS: 'localhost:9092', DATABASE_URL: 'sqlite:x' },
    undefined,
    ['DATABASE_URL'],
  ],
  ['Kafka without anything', { BUS: 'kafka' }, undefined, ['DATABASE_URL', 'KAFKA_BROKERS']],
  [
    'Kafka, a database without a name',
    { BUS: 'kafka', KAFKA_BROKERS: 'localhost:9092', DATABASE_URL: 'mysql://root@localhost' },
    undefined,
    ['DATABASE_URL'],
  ],
  [
    'the suite on Kafka',
    { BUS: 'kafka', KAFKA_BROKERS: 'localhost:9092', DATABASE_URL: 'mysql://root@localhost/huiliu' },
    'suite',
    ['BUS'],
  ],
  ['an app with brokers but embedded', { KAFKA_BROKERS: 'localhost:9092' }, 'app', ['BUS']],
  ['production without a key', { NODE_ENV: 'production' }, undefined, ['HUILIU_MASTER_KEY']],
  [
    'production without limits',
    { NODE_ENV: 'production', HUILIU_MASTER_KEY: KEY, RATE_LIMITS: 'off' },
    undefined,
    ['RATE_LIMITS'],
  ],
  [
    'production that breaks its promises',
    { NODE_ENV: 'production', HUILIU_MASTER_KEY: KEY, HUILIU_BREAK: 'dedupe', HUILIU_DEATHS: '/tmp/x' },
    undefined,
    ['HUILIU_BREAK', 'HUILIU_DEATHS'],
  ],
  ['a short key', { HUILIU_MASTER_KEY: Buffer.alloc(16).toString('base64') }, undefined, ['HUILIU_MASTER_KEY']],
  ['a key that is not base64', { HUILIU_MASTER_KEY: '!'.repeat(44) }, undefined, ['HUILIU_MASTER_KEY']],
  ['an unknown bus', { BUS: 'rabbit' }, undefined, ['BUS']],
  ['a port that is none', { PORT: '70000' }, undefined, ['PORT']],
  ['a public address that is none', { PUBLIC_URL: 'ftp://x' }, undefined, ['PUBLIC_URL']],
  [
    'ranges that are none',
    { OUTBOUND_ALLOW: '10.0.0.0/33, x', TRUSTED_PROXIES: 'constructor' },
    undefined,
    ['OUTBOUND_ALLOW', 'OUTBOUND_ALLOW', 'TRUSTED_PROXIES'],
  ],
  ['a short admin password', { HUILIU_ADMIN_PASSWORD: '123' }, undefined, ['HUILIU_ADMIN_PASSWORD']],
] as const)('refuses %s', (_name, env, mode, named) => {
  expect(problems(env, mode).map((problem) => problem.split(':')[0])).toEqual(named);
});

test('lists every problem at once and makes no key then', () => {
  expect(
    problems({ PORT: 'x', BUS: 'kafka', PUBLIC_URL: 'nowhere', NODE_ENV: 'staging' }).length,
  ).toBeGreaterThanOrEqual(5);
  expect(() => readFileSync(join(dir, 'master.key'))).toThrow('ENOENT');
});

test('no problem repeats a secret', () => {
  const said = problems({
    HUILIU_MASTER_KEY: 'hunter2-key',
    HUILIU_MASTER_KEY_OLD: 'hunter2-old',
    METRICS_TOKEN: 'hunter2',
    DATABASE_URL: 'mysql://root:hunter2@db/x',
  }).join();
  expect(said).not.toContain('hunter2');
});

test('an empty variable counts as not set', () => {
  expect(load({ PORT: '', BUS: '', HUILIU_MASTER_KEY: '' }).port).toBe(3000);
});

test('reads lists, words for ranges and the address without its last slash', () => {
  const config = load({
    BUS: 'kafka',
    KAFKA_BROKERS: 'a:9092, b:9093',
    DATABASE_URL: 'mysql://u:p@db:3306/huiliu',
    PUBLIC_URL: 'https://help.example.com/',
    TRUSTED_PROXIES: 'loopback,10.1.2.3',
    OUTBOUND_ALLOW: '10.0.0.0/8',
    HUILIU_INBOX_URL: 'http://127.0.0.1:4001,http://127.0.0.1:4002/',
    HUILIU_MASTER_KEY_OLD: `${KEY},${KEY}`,
  });
  expect(config).toMatchObject({
    kafkaBrokers: ['a:9092', 'b:9093'],
    publicUrl: 'https://help.example.com',
    trustedProxies: ['127.0.0.0/8', '::1/128', '10.1.2.3/32'],
    outboundAllow: ['10.0.0.0/8'],
    inboxUrl: 'http://127.0.0.1:4001',
    inboxUrls: ['http://127.0.0.1:4001', 'http://127.0.0.1:4002'],
  });
  expect(config.oldMasterKeys).toHaveLength(2);
});

test('the inbox is found at our own address once the port is known', () => {
  const config = load({ PORT: '0', HOST: '::' });
  config.listensOn(4567);
  expect(config.inboxUrl).toBe('http://[::1]:4567');
});

test('the documentation names every key', () => {
  const text = describeConfig();
  for (const key of Object.values(KEYS)) expect(text).toContain(`| \`${key.name}\` |`);
});

test('the committed documentation is the generated one', () => {
  expect(readFileSync(join(__dirname, '../../../../docs/configuration.md'), 'utf8')).toBe(describeConfig());
});

test("the sandbox's puppets stand beside our port, are let through there alone, and are not in production", () => {
  const ports = Array.from({ length: 64 }, (_, n) => 8200 + n);
  expect(load({ PORT: '8000' }).sandboxPuppetPorts).toEqual(ports);
  expect(load({ PORT: '8000' }).sandboxEndpoints).toEqual(expect.arrayContaining(['127.0.0.1:8200', '127.0.0.1:8263']));
  expect(load({ PORT: '65500' }).sandboxPuppetPorts).toEqual([]);
  expect(load({ NODE_ENV: 'production', HUILIU_MASTER_KEY: KEY }).sandboxPuppetPorts).toEqual([]);
});
