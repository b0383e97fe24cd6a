import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { MessageBus, type Tail } from '@huiliu/bus';
import { ACCOUNTS, type AccountsEvent } from '@huiliu/contracts';
import { SANDBOX_CHANNELS } from './channels/channels';
import { PlayedAccounts } from './platforms/played-accounts';

/** The accounts that can be tried, as the `accounts` topic has them. No secret is kept here. */
@Injectable()
export class SandboxAccounts implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly accounts = new Map<string, { channel: string; name: string; revision: number }>();
  private tail: Tail | undefined;

  constructor(
    private readonly bus: MessageBus,
    private readonly played: PlayedAccounts,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.tail = await this.bus.tail<AccountsEvent['data']>(ACCOUNTS, 'beginning', (records) => {
      for (const { envelope } of records) this.apply({ type: envelope.type, data: envelope.data } as AccountsEvent);
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.tail?.close();
  }

  /** What the page offers: every channel with its accounts and their pages. */
  list(): {
    channel: string;
    name: { zh: string; en: string };
    registers: boolean;
    accounts: { id: string; name: string; page: string }[];
  }[] {
    return SANDBOX_CHANNELS.map((channel) => ({
      channel: channel.channel,
      name: channel.name,
      registers: channel.registers,
      accounts: [...this.accounts]
        .filter(
          ([id, account]) =>
            account.channel === channel.channel &&
            (!channel.registers || this.played.find(channel.channel, id) !== undefined),
        )
        .map(([id, account]) => ({ id, name: account.name, page: channel.pageOf(id) })),
    }));
  }

  private apply(event: Pick<AccountsEvent, 'type' | 'data'>): void {
    const { accountId, revision } = event.data;
    if ((this.accounts.get(accountId)?.revision ?? 0) >= revision) return;
    if (event.type === 'account.deleted') this.accounts.delete(accountId);
    else if ('name' in event.data)
      this.accounts.set(accountId, { channel: event.data.channel, name: event.data.name, revision });
  }
}
