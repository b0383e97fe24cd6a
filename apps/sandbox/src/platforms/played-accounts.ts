import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { MessageBus, type Tail } from '@huiliu/bus';
import { ACCOUNTS, type AccountsEvent } from '@huiliu/contracts';
import { join } from 'node:path';
import { Config, SecretBox } from '@huiliu/platform';
import { type Schedule } from './control-shapes';
import { Faults } from './faults';
import type { Platform, PlatformAccount, Push } from './platform';
import { PLATFORMS } from './platforms';
import { REAL_SCHEDULE } from './pusher';

/** An account that is played, with what was ordered for it. */
export interface Played {
  readonly id: string;
  readonly name: string;
  readonly platform: Platform;
  readonly account: PlatformAccount;
  readonly faults: Faults;
  schedule: Schedule;
  /** A push that waits for the next one, to come after it. */
  heldBack: Push | null;
  readonly revision: number;
  readonly settings: Record<string, unknown>;
  /** As configured; secrets in it are sealed. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** The path under which a platform's API is played. */
export const platformPath = (channel: string): string => `/sandbox/platform/${channel}`;

/**
 * The accounts whose `config.apiBase` is a platform's address here, as the `accounts` topic has them: nothing needs to be registered
 * twice, and a sandbox that was restarted knows them again. What customers were sent is in memory only.
 */
@Injectable()
export class PlayedAccounts implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('PlayedAccounts');
  private readonly played = new Map<string, Played>();
  private readonly revisions = new Map<string, number>();
  private tail: Tail | undefined;

  constructor(
    private readonly bus: MessageBus,
    private readonly secrets: SecretBox,
    private readonly config: Config,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.tail = await this.bus.tail<AccountsEvent['data']>(ACCOUNTS, 'beginning', (records) => {
      for (const { envelope } of records) this.apply({ type: envelope.type, data: envelope.data } as AccountsEvent);
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.tail?.close();
    for (const { account } of this.played.values()) await account.connection?.stop();
  }

  find(channel: string, accountId: string): Played | undefined {
    const found = this.played.get(accountId);
    return found?.platform.channel === channel ? found : undefined;
  }

  of(channel: string): Played[] {
    return [...this.played.values()].filter(({ platform }) => platform.channel === channel);
  }

  /** Where the platform sends what customers say. */
  pushAddress(played: Played): string {
    return `${this.config.address}/webhooks/${played.platform.channel}/${played.id}`;
  }

  /** Where an account that is to be played here finds its platform, as part of its config; null when no more can be played. */
  async reachOf({ channel, reach }: Platform): Promise<Record<string, unknown> | null> {
    if (reach === undefined) return { apiBase: `${this.config.address}${platformPath(channel)}` };
    return reach.give(
      this.config,
      this.of(channel).map(({ config }) => config),
    );
  }

  private apply(event: Pick<AccountsEvent, 'type' | 'data'>): void {
    const { accountId, channel, revision } = event.data;
    const platform = PLATFORMS.find((one) => one.channel === channel);
    if (platform === undefined || (this.revisions.get(accountId) ?? 0) >= revision) return;
    this.revisions.set(accountId, revision);
    const before = this.played.get(accountId);
    void before?.account.connection?.stop();
    if (event.type === 'account.deleted' || !('config' in event.data) || !this.isHere(platform, event.data.config)) {
      this.played.delete(accountId);
      return;
    }
    try {
      const config = this.opened(event.data.config);
      const { name } = event.data;
      const faults = before?.faults ?? new Faults();
      const folder = join(this.config.dataDir, 'sandbox', channel, accountId);
      const sandboxUrl = (): string => this.config.address;
      const account = platform.open({ id: accountId, name, config, folder, faults, sandboxUrl });
      const settings = before?.settings ?? {};
      account.set(settings);
      this.played.set(accountId, {
        id: accountId,
        name,
        platform,
        account,
        faults,
        schedule: before?.schedule ?? REAL_SCHEDULE,
        heldBack: null,
        revision,
        settings,
        config: event.data.config,
      });
    } catch (error) {
      this.logger.warn({ err: error, accountId }, 'an account cannot be played');
    }
  }

  private isHere({ channel, reach }: Platform, config: Readonly<Record<string, unknown>>): boolean {
    return reach?.isHere(config, this.config) ?? isPlayedHere(config, channel);
  }

  private opened(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(config).map(([name, value]) => [
        name,
        typeof value === 'string' && value.startsWith('enc:') ? this.secrets.open(value) : value,
      ]),
    );
  }
}

/** Whether an account works with the platform that is played here, and not with the real one. */
export function isPlayedHere(config: Readonly<Record<string, unknown>>, channel: string): boolean {
  const { apiBase } = config;
  return (
    typeof apiBase === 'string' &&
    URL.canParse(apiBase) &&
    new URL(apiBase).pathname.replace(/\/$/, '') === platformPath(channel)
  );
}
