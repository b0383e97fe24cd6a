import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { Config, type ConfigValues } from './config';
import { KEYS } from './keys';
import { keptMasterKey } from './master-key';

type Read = { [K in keyof typeof KEYS]?: z.output<(typeof KEYS)[K]['schema']> };

/** All that is wrong with the environment, at once. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`the configuration is not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

export interface LoadConfigOptions {
  /** `suite`: one process, embedded only; `app`: one app of many; `any` (default): whatever the environment says. */
  readonly mode?: 'suite' | 'app' | 'any';
}

/** Reads the configuration from the environment. Throws one `ConfigError` that lists every problem. Empty variables count as not set. */
export function loadConfig(env: NodeJS.ProcessEnv = process.env, options: LoadConfigOptions = {}): Config {
  const problems: string[] = [];
  const read = readKeys(env, problems);
  const production = read.nodeEnv === 'production';
  const bus = read.bus ?? 'embedded';
  const dataDir = resolve(read.dataDir ?? 'data');
  const databaseUrl = read.databaseUrl ?? (bus === 'embedded' ? `sqlite:${join(dataDir, 'huiliu.sqlite')}` : '');

  problems.push(...badCombination(bus, databaseUrl, read.kafkaBrokers ?? [], options.mode ?? 'any'));
  if (production) {
    if (read.masterKey === undefined && isUnset(env, KEYS.masterKey.name))
      problems.push(`${KEYS.masterKey.name}: required in production (openssl rand -base64 32)`);
    if (read.rateLimits === 'off') problems.push(`${KEYS.rateLimits.name}: off is refused in production`);
    for (const name of ['HUILIU_BREAK', 'HUILIU_DEATHS'])
      if (!isUnset(env, name)) problems.push(`${name}: breaks promises on purpose; refused in production`);
  }
  if (problems.length > 0) throw new ConfigError(problems);

  const values: ConfigValues = {
    production,
    bus,
    kafkaBrokers: read.kafkaBrokers ?? [],
    databaseUrl,
    masterKey: read.masterKey ?? keptKey(dataDir),
    oldMasterKeys: read.oldMasterKeys ?? [],
    publicUrl: read.publicUrl ?? null,
    host: read.host ?? (production ? '0.0.0.0' : '127.0.0.1'),
    port: read.port ?? 3000,
    dataDir,
    adminPassword: read.adminPassword ?? null,
    outboundAllow: read.outboundAllow ?? [],
    trustedProxies: read.trustedProxies ?? [],
    metricsToken: read.metricsToken ?? null,
    sandboxMail: production
      ? null
      : {
          smtpPort: read.sandboxSmtpPort ?? besides(read.port ?? 3000, 25),
          imapPort: read.sandboxImapPort ?? besides(read.port ?? 3000, 143),
        },
    sandboxPuppetPorts: production ? [] : block(read.sandboxPuppetPort ?? besides(read.port ?? 3000, 200)),
    rateLimits: read.rateLimits !== 'off',
    inboxUrls: read.inboxUrls ?? [],
    frontUrl: read.frontUrl ?? null,
    logLevel: read.logLevel ?? 'info',
  };
  return new Config(values);
}

/** A port known from ours; 0 (the system's choice) where ours is so, or none is left. */
function besides(port: number, distance: number): number {
  return port === 0 || port + distance > 65535 ? 0 : port + distance;
}

/** So many puppets can be played at once, at ports in a row; none from 0. */
const PUPPETS = 64;
const block = (first: number): number[] =>
  first === 0 || first + PUPPETS > 65536 ? [] : Array.from({ length: PUPPETS }, (_, n) => first + n);

function readKeys(env: NodeJS.ProcessEnv, problems: string[]): Read {
  const read: Record<string, unknown> = {};
  for (const [field, key] of Object.entries(KEYS)) {
    if (isUnset(env, key.name)) continue;
    const result = key.schema.safeParse(env[key.name]);
    if (result.success) read[field] = result.data;
    else problems.push(...result.error.issues.map((issue) => `${key.name}: ${issue.message}`));
  }
  return read;
}

function badCombination(
  bus: 'embedded' | 'kafka',
  databaseUrl: string,
  brokers: readonly string[],
  mode: 'suite' | 'app' | 'any',
): string[] {
  const problems: string[] = [];
  const sqlite = databaseUrl.startsWith('sqlite:');
  const mysql = /^mysql:\/\/[^/]+\/[A-Za-z0-9_$-]+(\?.*)?$/.test(databaseUrl);
  if (bus === 'embedded' && !sqlite) problems.push('DATABASE_URL: the embedded bus goes with sqlite:<file> only');
  if (bus === 'embedded' && brokers.length > 0 && mode === 'app')
    problems.push('BUS: set it to kafka when KAFKA_BROKERS is given');
  if (bus === 'kafka') {
    if (databaseUrl === '')
      problems.push('DATABASE_URL: required with BUS=kafka (mysql://user:password@host:port/database)');
    else if (!mysql) problems.push('DATABASE_URL: Kafka goes with mysql://user:password@host:port/database only');
    if (brokers.length === 0) problems.push('KAFKA_BROKERS: required with BUS=kafka (host:port, separated by commas)');
    if (mode === 'suite')
      problems.push(
        'BUS: the suite runs on the embedded bus; start the apps one by one (npm run start:distributed) on Kafka',
      );
  }
  return problems;
}

function keptKey(dataDir: string): Buffer {
  try {
    return keptMasterKey(dataDir);
  } catch (error) {
    throw new ConfigError([
      `HUILIU_MASTER_KEY: not set, and none could be kept in HUILIU_DATA: ${(error as Error).message}`,
    ]);
  }
}

function isUnset(env: NodeJS.ProcessEnv, name: string): boolean {
  return env[name] === undefined || env[name] === '';
}
