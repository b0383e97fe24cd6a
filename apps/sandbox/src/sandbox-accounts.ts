import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { MessageBus, type Tail } from '@huiliu/bus';
import { ACCOUNTS, type AccountsEvent } from '@huiliu/contracts';
import { Config } from '@huiliu/platform';
import type { SandboxAccount } from './channels/channel';
import { SANDBOX_CHANNELS } from './channels/channels';

interface Known extends SandboxAccount {
  readonly channel: string;
  readonly name: string;
  readonly revision: number;
}

/** The accounts that can be tried, as the `accounts` topic has them: secrets stay sealed. */
@Injectable()
export class SandboxAccounts implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly accounts = new Map<string, Known>();
  private tail: Tail | undefined;

  constructor(
    private readonly bus: MessageBus,
    private readonly config: Config,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.tail = await this.bus.tail<AccountsEvent['data']>(ACCOUNTS, 'beginning', (records) => {
      for (const { envelope } of records) this.apply({ type: envelope.type, data: envelope.data } as AccountsEvent);
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.tail?.close();
  }

  /** What the page offers: every channel with its accounts and their pages, and what to do when there is none. */
  list(): {
    channel: string;
    name: { zh: string; en: string };
    help: { zh: string; en: string } | null;
    registers: boolean;
    accounts: { id: string; name: string; page: string }[];
  }[] {
    return SANDBOX_CHANNELS.map((channel) => ({
      channel: channel.channel,
      name: channel.name,
      help: channel.help?.(this.config) ?? null,
      registers: channel.registers ?? false,
      accounts: [...this.accounts.values()].flatMap((account) => {
        const page = account.channel === channel.channel ? channel.pageOf(account, this.config) : null;
        return page === null ? [] : [{ id: account.id, name: account.name, page }];
      }),
    }));
  }

  private apply(event: Pick<AccountsEvent, 'type' | 'data'>): void {
    const { accountId, revision } = event.data;
    if ((this.accounts.get(accountId)?.revision ?? 0) >= revision) return;
    if (event.type === 'account.deleted') this.accounts.delete(accountId);
    else if ('name' in event.data) {
      const { channel, name, config } = event.data;
      this.accounts.set(accountId, { id: accountId, channel, name, config, revision });
    }
  }
}
