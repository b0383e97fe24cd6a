import { addressSet } from './addresses';

export type BusKind = 'embedded' | 'kafka';
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** Opens every mailbox of the sandbox's mail server. Known to everyone: it guards nothing, the server being on loopback and never in production. */
export const SANDBOX_MAIL_PASSWORD = 'huiliu-demo';

/** Where the sandbox's mail server listens on 127.0.0.1. */
export interface SandboxMail {
  readonly smtpPort: number;
  readonly imapPort: number;
}

/** Everything that the environment decides, validated. `docs/configuration.md` says what each key means. */
export interface ConfigValues {
  readonly production: boolean;
  readonly bus: BusKind;
  readonly kafkaBrokers: string[];
  readonly databaseUrl: string;
  /** 32 bytes; every other key is derived from it (`SecretBox.deriveKey`). */
  readonly masterKey: Buffer;
  /** Earlier master keys: they open what they sealed, and seal nothing. */
  readonly oldMasterKeys: Buffer[];
  /** Without a slash at the end. */
  readonly publicUrl: string | null;
  readonly host: string;
  /** As configured; 0 lets the system choose. */
  readonly port: number;
  /** Absolute. */
  readonly dataDir: string;
  readonly adminPassword: string | null;
  /** CIDRs. */
  readonly outboundAllow: string[];
  /** CIDRs. */
  readonly trustedProxies: string[];
  readonly metricsToken: string | null;
  /** The ports of the sandbox's mail server on loopback, as configured (0: the system chooses); null in production. */
  readonly sandboxMail: SandboxMail | null;
  /** The ports on loopback at which the sandbox may play puppets of personal WeChats, one each; none in production. */
  readonly sandboxPuppetPorts: readonly number[];
  readonly rateLimits: boolean;
  /** Where the inbox answers `/internal/*`; empty: at our own address. */
  readonly inboxUrls: string[];
  /** The edge in front of this process, where there is one. */
  readonly frontUrl: string | null;
  readonly logLevel: LogLevel;
}

/** The configuration of this process; also the token under which it is injected. */
export class Config implements ConfigValues {
  readonly production!: boolean;
  readonly bus!: BusKind;
  readonly kafkaBrokers!: string[];
  readonly databaseUrl!: string;
  readonly masterKey!: Buffer;
  readonly oldMasterKeys!: Buffer[];
  readonly publicUrl!: string | null;
  readonly host!: string;
  readonly port!: number;
  readonly dataDir!: string;
  readonly adminPassword!: string | null;
  readonly outboundAllow!: string[];
  readonly trustedProxies!: string[];
  readonly metricsToken!: string | null;
  /** With ports that the system chooses, 0 until `sandboxMailListensOn`, which only reaches this process. */
  readonly sandboxMail!: SandboxMail | null;
  readonly sandboxPuppetPorts!: readonly number[];
  readonly rateLimits!: boolean;
  readonly inboxUrls!: string[];
  readonly frontUrl!: string | null;
  readonly logLevel!: LogLevel;
  /** True for the address of a proxy whose `X-Forwarded-For` is believed. */
  readonly trusts: (address: string) => boolean;
  private boundPort: number | null = null;

  constructor(values: ConfigValues) {
    Object.assign(this, values);
    this.trusts = addressSet(values.trustedProxies);
  }

  /** Where this process answers, seen from this machine. With `PORT=0` only known once it listens. */
  get ownUrl(): string {
    const host =
      this.host === '0.0.0.0'
        ? '127.0.0.1'
        : this.host === '::'
          ? '[::1]'
          : this.host.includes(':')
            ? `[${this.host}]`
            : this.host;
    return `http://${host}:${this.boundPort ?? this.port}`;
  }

  /** Where people and platforms reach the suite. */
  get address(): string {
    return this.publicUrl ?? this.frontUrl ?? this.ownUrl;
  }

  /** Where connectors find `/internal/*` of the inbox. */
  get inboxUrl(): string {
    return this.inboxUrls[0] ?? this.ownUrl;
  }

  /** Told by the sandbox once its mail server listens. */
  sandboxMailListensOn(ports: Partial<SandboxMail>): void {
    if (this.sandboxMail !== null) Object.assign(this.sandboxMail, ports);
  }

  /** `host:port` of what may be reached although it is inside: the sandbox's mail server and puppets, outside production. */
  get sandboxEndpoints(): readonly string[] {
    const { smtpPort = 0, imapPort = 0 } = this.sandboxMail ?? {};
    return [smtpPort, imapPort, ...this.sandboxPuppetPorts]
      .filter((port) => port > 0)
      .map((port) => `127.0.0.1:${port}`);
  }

  /** Told by `startService` once the system has given a port. */
  listensOn(port: number): void {
    this.boundPort = port;
  }
}
