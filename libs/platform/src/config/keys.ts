import { isIP } from 'node:net';
import { z } from 'zod';
import { rangesOf } from './addresses';
import { readMasterKey } from './master-key';

/** One environment variable: how it is read and what it means. */
export interface ConfigKey<T extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly schema: T;
  /** What holds when it is not set, in words. */
  readonly fallback: string;
  readonly says: string;
  readonly secret?: boolean;
}

const key = <T extends z.ZodType>(
  name: string,
  schema: T,
  fallback: string,
  says: string,
  secret = false,
): ConfigKey<T> => ({ name, schema, fallback, says, secret });

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== ''),
);

const ranges = list.transform((entries, ctx) =>
  entries.flatMap((entry) => {
    const found = rangesOf(entry);
    if (found === null)
      ctx.addIssue({
        code: 'custom',
        message: `expected addresses, CIDRs, loopback, private or linklocal; "${entry}" is none`,
      });
    return found === null ? [] : [...found];
  }),
);

const masterKey = z.string().transform((text, ctx) => {
  const bytes = readMasterKey(text);
  if (bytes !== null) return bytes;
  ctx.addIssue({ code: 'custom', message: 'expected 32 bytes in base64 (openssl rand -base64 32)' });
  return z.NEVER;
});

const webUrl = z.string().transform((text, ctx) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.search === '' &&
    url.hash === '' &&
    url.username === '' &&
    url.password === ''
  ) {
    return url.href.replace(/\/+$/, '');
  }
  ctx.addIssue({ code: 'custom', message: 'expected an http(s) address without query, fragment or credentials' });
  return z.NEVER;
});

const host = z
  .string()
  .refine(
    (text) => isIP(text) !== 0 || /^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,252}[a-zA-Z0-9])?$/.test(text),
    'expected an address or a host name',
  );
const broker = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[a-zA-Z0-9._-]+):\d{1,5}$/, 'expected host:port');

/** Every key that the suite reads, in the order in which the documentation lists them. */
export const KEYS = {
  nodeEnv: key(
    'NODE_ENV',
    z.enum(['production', 'development', 'test']),
    'development',
    '`production` refuses what is only good for trying out: a generated master key, demo data, the sandbox, switched-off rate limits.',
  ),
  bus: key(
    'BUS',
    z.enum(['embedded', 'kafka']),
    'embedded',
    '`embedded` (one process, with SQLite) or `kafka` (with MySQL). No other combination is allowed.',
  ),
  kafkaBrokers: key(
    'KAFKA_BROKERS',
    list.pipe(z.array(broker)),
    'none',
    'Brokers as `host:port`, separated by commas. Required with `BUS=kafka`.',
  ),
  databaseUrl: key(
    'DATABASE_URL',
    z.string().min(1),
    '`sqlite:<HUILIU_DATA>/huiliu.sqlite` with `BUS=embedded`',
    '`sqlite:<file>` or `mysql://user:password@host:port/database`. Required with `BUS=kafka`.',
    true,
  ),
  masterKey: key(
    'HUILIU_MASTER_KEY',
    masterKey,
    'outside production generated into `<HUILIU_DATA>/master.key`',
    '32 bytes in base64, one for all processes: seals the secrets of accounts and signs tokens. Required in production.',
    true,
  ),
  oldMasterKeys: key(
    'HUILIU_MASTER_KEY_OLD',
    list.pipe(z.array(masterKey)),
    'none',
    'Earlier master keys, separated by commas: still open what they sealed.',
    true,
  ),
  publicUrl: key(
    'PUBLIC_URL',
    webUrl,
    'none',
    'Where the world reaches the suite: makes webhook addresses, the widget and our own origin absolute.',
  ),
  host: key('HOST', host, '`127.0.0.1`, in production `0.0.0.0`', 'Address to listen on.'),
  port: key('PORT', z.coerce.number().int().min(0).max(65535), '3000', 'Port to listen on; 0 lets the system choose.'),
  dataDir: key(
    'HUILIU_DATA',
    z.string().min(1),
    '`./data`',
    'Folder for the database file, spools, attachments and the generated key.',
  ),
  adminPassword: key(
    'HUILIU_ADMIN_PASSWORD',
    z.string().min(8).max(256),
    'generated and printed once',
    'Password that the user `admin` gets on the first start.',
    true,
  ),
  outboundAllow: key(
    'OUTBOUND_ALLOW',
    ranges,
    'none',
    'CIDRs that outgoing requests (HTTP, IMAP, SMTP) may reach although they are inside; everything else inside is refused.',
  ),
  trustedProxies: key(
    'TRUSTED_PROXIES',
    ranges,
    'none',
    'Addresses, CIDRs or `loopback`, `private`, `linklocal`: proxies whose `X-Forwarded-For` is believed.',
  ),
  metricsToken: key(
    'METRICS_TOKEN',
    z.string().min(16).max(512),
    'none',
    'Bearer token for `/metrics` from elsewhere than loopback.',
    true,
  ),
  sandboxSmtpPort: key(
    'SANDBOX_SMTP_PORT',
    z.coerce.number().int().min(0).max(65535),
    '`PORT` + 25',
    "Outside production: where the sandbox's mail server takes mails, on loopback; 0 lets the system choose. In several processes set by the supervisor.",
  ),
  sandboxImapPort: key(
    'SANDBOX_IMAP_PORT',
    z.coerce.number().int().min(0).max(65535),
    '`PORT` + 143',
    "Outside production: where the sandbox's mail server lets mailboxes be read, on loopback; 0 lets the system choose. In several processes set by the supervisor.",
  ),
  sandboxPuppetPort: key(
    'SANDBOX_PUPPET_PORT',
    z.coerce.number().int().min(0).max(65535),
    '`PORT` + 200',
    'Outside production: the first of 64 ports at which the sandbox plays puppets of personal WeChats, on loopback, each only while an account uses it; 0: none can be tried. In several processes set by the supervisor.',
  ),
  rateLimits: key('RATE_LIMITS', z.enum(['on', 'off']), 'on', '`off` lifts every limit; refused in production.'),
  inboxUrls: key(
    'HUILIU_INBOX_URL',
    list.pipe(z.array(webUrl)),
    'our own address',
    'Where connectors find the inbox (`/internal/*`), separated by commas where it runs more than once. Set by the supervisor.',
  ),
  frontUrl: key(
    'HUILIU_FRONT_URL',
    webUrl,
    'our own address',
    'Where people reach the suite when another process is in front and `PUBLIC_URL` is not set. Set by the supervisor.',
  ),
  logLevel: key(
    'LOG_LEVEL',
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    'info',
    'How much is logged; requests are at `debug`.',
  ),
} as const;
