import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { MessageBus, type Tail, type TailRecord } from '@huiliu/bus';
import { ACCOUNTS, type AccountsEvent } from '@huiliu/contracts';
import { Config, HealthRegistry, problemsOf, SecretBox } from '@huiliu/platform';
import { mapPaths } from '../contract/config-schema';
import type { Connector } from '../contract/connector';
import { HOST_OPTIONS, type HostOptions } from '../host-options';
import { retrying } from '../retrying';
import { AccountMemory } from './account-memory';

/** An account of one of our connectors. Secrets are in clear here, and in memory only. */
export interface AccountEntry {
  readonly id: string;
  readonly channel: string;
  readonly name: string;
  readonly revision: number;
  readonly connector: Connector;
  /** Validated by the connector's schema; null when it is not valid, `problem` then says why. */
  readonly config: Record<string, unknown> | null;
  readonly problem: string | null;
}

/** `removed` and `changed` carry what was; `changed` and `added` what is. */
export type AccountChange = {
  readonly id: string;
  readonly before: AccountEntry | null;
  readonly after: AccountEntry | null;
};

/**
 * The accounts of this app's connectors, as the inbox configured them: kept in memory from the compacted topic. Until that is read they
 * are those that this process's folder remembers, so that what comes in while the bus is away finds its account.
 */
@Injectable()
export class AccountDirectory implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('AccountDirectory');
  private readonly connectors: ReadonlyMap<string, Connector>;
  private readonly accounts = new Map<string, AccountEntry>();
  /** Also of deleted accounts: an older record must not bring one back. */
  private readonly revisions = new Map<string, number>();
  private readonly listeners = new Set<(change: AccountChange) => void>();
  private readonly stopped = new AbortController();
  private readonly memory: AccountMemory;
  /** Remembered, and not yet heard of from the topic. */
  private readonly remembered = new Set<string>();
  private tail: Tail | null = null;
  private loaded = false;
  private resolveReady: () => void = () => undefined;
  /** Resolves once every account is known. */
  readonly ready = new Promise<void>((resolve) => (this.resolveReady = resolve));

  constructor(
    @Inject(MessageBus) private readonly bus: MessageBus,
    @Inject(SecretBox) private readonly secrets: SecretBox,
    @Inject(HealthRegistry) health: HealthRegistry,
    @Inject(Config) config: Config,
    @Inject(HOST_OPTIONS) options: HostOptions,
  ) {
    this.connectors = new Map(options.connectors.map((connector) => [connector.definition.channel, connector]));
    this.memory = new AccountMemory(config.dataDir, options.app, secrets, (error) =>
      this.logger.warn({ err: error }, 'the accounts cannot be remembered'),
    );
    health.add(`accounts of ${options.app}`, () =>
      this.loaded || this.accounts.size > 0 ? null : 'the accounts are not read yet',
    );
  }

  async onModuleInit(): Promise<void> {
    for (const event of await this.memory.recall()) {
      this.apply(event);
      this.remembered.add(event.data.accountId);
    }
  }

  onApplicationBootstrap(): void {
    void retrying('the accounts', this.logger, this.stopped.signal, async () => {
      this.tail = await this.bus.tail<unknown>(ACCOUNTS, 'beginning', (records) => this.take(records));
      await this.tail.caughtUp;
      // What the whole topic does not tell of belongs to another life of it.
      for (const id of this.remembered) {
        this.memory.forget(id);
        this.remove(id);
      }
      this.loaded = true;
      this.resolveReady();
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped.abort();
    await this.tail?.close();
    await this.memory.settled();
  }

  /** False until the accounts have been read: an unknown one may then just not be known yet. */
  get isLoaded(): boolean {
    return this.loaded;
  }

  get(accountId: string): AccountEntry | undefined {
    return this.accounts.get(accountId);
  }

  /** The account, if it is one of this channel. */
  find(channel: string, accountId: string): AccountEntry | undefined {
    const account = this.accounts.get(accountId);
    return account?.channel === channel ? account : undefined;
  }

  all(): readonly AccountEntry[] {
    return [...this.accounts.values()];
  }

  /** Told of every change from now on; answers how to stop. */
  onChange(listener: (change: AccountChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private take(records: readonly TailRecord[]): void {
    for (const record of records) {
      const event = record.envelope as unknown as AccountsEvent;
      if (!this.connectors.has(event.data.channel)) continue;
      this.remembered.delete(event.data.accountId);
      if (event.type === 'account.configured') this.memory.keep(event);
      else this.memory.forget(event.data.accountId);
      this.apply(event);
    }
  }

  private apply(event: AccountsEvent): void {
    const { accountId, channel, revision } = event.data;
    const connector = this.connectors.get(channel);
    if (connector === undefined || revision <= (this.revisions.get(accountId) ?? 0)) return;
    this.revisions.set(accountId, revision);
    if (event.type === 'account.deleted') return this.remove(accountId);
    const before = this.accounts.get(accountId) ?? null;
    const after = this.entryOf(connector, event.data);
    this.accounts.set(accountId, after);
    for (const listener of this.listeners) listener({ id: accountId, before, after });
  }

  private remove(accountId: string): void {
    const before = this.accounts.get(accountId);
    this.remembered.delete(accountId);
    if (before === undefined) return;
    this.accounts.delete(accountId);
    for (const listener of this.listeners) listener({ id: accountId, before, after: null });
  }

  private entryOf(
    connector: Connector,
    data: Extract<AccountsEvent, { type: 'account.configured' }>['data'],
  ): AccountEntry {
    const base = { id: data.accountId, channel: data.channel, name: data.name, revision: data.revision, connector };
    let clear: Record<string, unknown>;
    try {
      clear = mapPaths(data.config, connector.secrets, (value) =>
        value.startsWith('enc:') ? this.secrets.open(value) : value,
      );
    } catch {
      return {
        ...base,
        config: null,
        problem: 'the secrets cannot be read: were they stored under another master key? Enter them again',
      };
    }
    const parsed = connector.definition.config.safeParse(clear);
    if (parsed.success) return { ...base, config: parsed.data, problem: null };
    const wrong = problemsOf(parsed.error).map(({ path, message }) => `${path}: ${message}`);
    return { ...base, config: null, problem: `the configuration is not valid: ${wrong.join('; ')}` };
  }
}
