import { ACCOUNTS } from '@huiliu/contracts';
import { toOutbox, wrap } from '@huiliu/bus';
import type { OutboxRecord } from '@huiliu/storage';
import type { AccountRecord } from '../directory/records';

/** What the `accounts` topic says of an account: how it is configured, secrets sealed, or that it is deleted. */
export function accountRecord(account: AccountRecord, now: Date): OutboxRecord {
  const { id: accountId, channel, name, config, revision } = account;
  const record =
    account.deletedAt === null
      ? wrap(ACCOUNTS, 'account.configured', accountId, { accountId, channel, name, config, revision }, now)
      : wrap(ACCOUNTS, 'account.deleted', accountId, { accountId, channel, revision }, now);
  return toOutbox(record);
}
