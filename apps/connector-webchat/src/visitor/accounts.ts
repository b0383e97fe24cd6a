import { Inject, Injectable } from '@nestjs/common';
import { AccountDirectory } from '@huiliu/connector-kit';
import { notFound, unavailable } from '@huiliu/platform';
import { definition, type WebchatConfig } from '../definition';

export interface WebchatAccount {
  readonly id: string;
  readonly name: string;
  readonly config: WebchatConfig;
}

/** The website accounts. */
@Injectable()
export class Accounts {
  constructor(@Inject(AccountDirectory) private readonly directory: AccountDirectory) {}

  /** Throws 404 for one that is not there, 503 for one that may just not be known yet or is not set up well. */
  get(accountId: string): WebchatAccount {
    const account = this.directory.find(definition.channel, accountId);
    if (account === undefined) throw this.directory.isLoaded ? notFound('account') : unavailable('starting', 2);
    if (account.config === null) throw unavailable('the account is not set up', 60);
    return { id: account.id, name: account.name, config: account.config as WebchatConfig };
  }
}
