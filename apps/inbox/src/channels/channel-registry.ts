import { Injectable } from '@nestjs/common';
import type { AccountStatus, ChannelDefinition, ChannelsEvent } from '@huiliu/contracts';

/** Every installed connector's definition and every account's last status, as the `channels` topic tells them. */
@Injectable()
export class ChannelRegistry {
  private readonly definitions = new Map<string, ChannelDefinition>();
  private readonly statuses = new Map<string, AccountStatus>();
  /** Who waits for the outcome of a check, by its id. */
  private readonly checks = new Map<string, (status: AccountStatus) => void>();
  private waiting: { channel: string; found: (definition: ChannelDefinition) => void }[] = [];

  definition(channel: string): ChannelDefinition | undefined {
    return this.definitions.get(channel);
  }

  /** All definitions, by channel name. */
  all(): ChannelDefinition[] {
    return [...this.definitions.values()].sort((a, b) => (a.channel < b.channel ? -1 : 1));
  }

  status(accountId: string): AccountStatus | undefined {
    return this.statuses.get(accountId);
  }

  /** Resolves to the status that is the outcome of this check; to null once `signal` aborts. */
  whenChecked(checkId: string, signal: AbortSignal): Promise<AccountStatus | null> {
    return new Promise<AccountStatus | null>((resolve) => {
      this.checks.set(checkId, resolve);
      signal.addEventListener('abort', () => resolve(null), { once: true });
    }).finally(() => this.checks.delete(checkId));
  }

  apply(event: ChannelsEvent): void {
    if (event.type === 'account.status') {
      const known = this.statuses.get(event.data.accountId);
      // What was found on asking is newer than what was known before, whatever the clocks say.
      if (!known || known.at <= event.data.at || event.data.checks.length > 0)
        this.statuses.set(event.data.accountId, event.data);
      for (const id of event.data.checks) this.checks.get(id)?.(event.data);
      return;
    }
    this.definitions.set(event.data.channel, event.data);
    const found = this.waiting.filter((wait) => wait.channel === event.data.channel);
    this.waiting = this.waiting.filter((wait) => wait.channel !== event.data.channel);
    for (const wait of found) wait.found(event.data);
  }

  /** The definition, once its connector has published it; undefined after `timeoutMs`. */
  whenDefined(channel: string, timeoutMs: number): Promise<ChannelDefinition | undefined> {
    const known = this.definitions.get(channel);
    if (known) return Promise.resolve(known);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.waiting = this.waiting.filter((other) => other !== wait);
        resolve(undefined);
      }, timeoutMs);
      const wait = {
        channel,
        found: (definition: ChannelDefinition) => {
          clearTimeout(timer);
          resolve(definition);
        },
      };
      this.waiting.push(wait);
    });
  }
}
