import { Injectable } from '@nestjs/common';
import type { Account, ChannelDefinition, CreateAccount, UpdateAccount } from '@huiliu/contracts';
import { AppError, badRequest, Config, newId, notFound, SecretBox } from '@huiliu/platform';
import { Clock, Database, Outbox, toDbTime, type SqlValue, type Tx } from '@huiliu/storage';
import { ChannelRegistry } from '../channels/channel-registry';
import { Directory } from '../directory/directory';
import { DirectoryRepository } from '../directory/directory.repository';
import type { AccountRecord } from '../directory/records';
import { AccountChecks } from './account-checks';
import { accountRecord } from './account-records';
import { validateConfig } from './config-validation';
import { destinationChanged, mapSecrets, valueAt, withoutSecrets, withValueAt } from './domain/config-secrets';

const NO_CONNECTOR =
  '连接器没有应答，所示为最后所知的状态。 The connector did not answer: this is the last that is known.';

const COLUMNS = ['id', 'channel', 'name', 'config', 'created_at', 'updated_at'];

/** Accounts as people configure them. Secrets are sealed before they are stored and never answered. */
@Injectable()
export class AccountsService {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly box: SecretBox,
    private readonly config: Config,
    private readonly channels: ChannelRegistry,
    private readonly directory: Directory,
    private readonly repository: DirectoryRepository,
    private readonly checks: AccountChecks,
  ) {}

  /** Every account that is not deleted, the oldest first. */
  async list(): Promise<Account[]> {
    const records = await this.repository.accounts();
    return records
      .filter((record) => record.deletedAt === null)
      .sort((a, b) => (a.createdAt + a.id < b.createdAt + b.id ? -1 : 1))
      .map((record) => this.present(record));
  }

  async get(id: string): Promise<Account> {
    return this.present(await this.require(id));
  }

  /** A new account; 400 when the channel is not installed or the config does not fit it. */
  async create(input: CreateAccount): Promise<Account> {
    const definition = this.requireDefinition(input.channel);
    const sealed = this.seal(definition, validateConfig(definition, input.config));
    const id = newId();
    const now = toDbTime(this.clock.now());
    return this.db.transaction(async (tx) => {
      await tx.insertMany('inbox_accounts', COLUMNS, [
        [id, input.channel, input.name, JSON.stringify(sealed), now, now],
      ]);
      return this.announce(tx, id);
    });
  }

  /**
   * Changes name and config. The config is replaced as a whole, but secrets left out keep their value (null removes one), unless the
   * account would then send them somewhere else: every secret must be given again, 400 `secrets_required`.
   */
  async update(id: string, input: UpdateAccount): Promise<Account> {
    return this.db.transaction(async (tx) => {
      const before = await this.lock(tx, id);
      if (input.channel !== undefined && input.channel !== before.channel)
        throw badRequest('invalid', 'an account keeps its channel', [{ path: 'channel', message: 'cannot change' }]);
      const columns: Record<string, SqlValue> = {};
      if (input.name !== undefined) columns.name = input.name;
      if (input.config !== undefined) columns.config = JSON.stringify(this.mergeConfig(before, input.config));
      return this.write(tx, id, columns);
    });
  }

  /** Deletes an account: its connector stops, its secrets are gone, its conversations remain. */
  async delete(id: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      await this.lock(tx, id);
      await this.write(tx, id, { deleted_at: toDbTime(this.clock.now()), config: '{}' });
    });
  }

  /**
   * The account as its connector finds it now, within 20 s. Where the connector does not answer: as it was last known, saying so; where the config
   * does not fit the channel's present schema: what is wrong with it.
   */
  async check(id: string): Promise<Account> {
    const record = await this.require(id);
    const account = this.present(record);
    const definition = this.channels.definition(record.channel);
    const failed = (error: string): Account => ({ ...account, status: { ...account.status, state: 'error', error } });
    if (definition === undefined) return failed(`connector ${record.channel} is not running`);
    try {
      validateConfig(definition, this.open(definition, record.config));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return failed(`${error.message}: ${JSON.stringify(error.details)}`);
    }
    if (await this.checks.ask(id, record.revision)) return this.present(record);
    const { status, ...rest } = this.present(record);
    return { ...rest, status: { ...status, error: [status.error, NO_CONNECTOR].filter(Boolean).join('\n') } };
  }

  private mergeConfig(before: AccountRecord, given: Record<string, unknown>): Record<string, unknown> {
    const definition = this.requireDefinition(before.channel);
    const missing = definition.secrets.filter(
      (path) => valueAt(given, path) === undefined && valueAt(before.config, path) !== undefined,
    );
    const removed = definition.secrets.filter((path) => valueAt(given, path) === null);
    let config = removed.reduce((rest, path) => withValueAt(rest, path, undefined), given);
    for (const path of missing) config = withValueAt(config, path, this.box.open(String(valueAt(before.config, path))));
    const valid = validateConfig(definition, config);
    if (missing.length > 0 && destinationChanged(before.config, valid))
      throw badRequest(
        'secrets_required',
        'where secrets are sent changes: give every secret again',
        missing.map((path) => ({ path: `config.${path}`, message: 'required' })),
      );
    return this.seal(definition, valid);
  }

  private present(record: AccountRecord): Account {
    const definition = this.channels.definition(record.channel);
    const status = this.channels.status(record.id);
    return {
      id: record.id,
      channel: record.channel,
      name: record.name,
      webhookUrl:
        definition?.ingress === 'webhook' ? `${this.config.address}/webhooks/${record.channel}/${record.id}` : null,
      status: {
        state: status?.state ?? 'starting',
        lastEventAt: status?.lastEventAt ?? null,
        progress: status?.progress ?? null,
        login: status?.login ?? null,
        error: status?.error ?? null,
      },
      // Without its definition nobody knows which fields are secret: whatever is sealed stays out.
      config: withoutSealed(definition ? withoutSecrets(record.config, definition.secrets) : record.config),
      createdAt: record.createdAt,
      updatedAt: record.updatedAt,
    };
  }

  private seal(definition: ChannelDefinition, config: Record<string, unknown>): Record<string, unknown> {
    return mapSecrets(config, definition.secrets, (secret) => this.box.seal(secret));
  }

  private open(definition: ChannelDefinition, config: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return mapSecrets(config, definition.secrets, (sealed) => this.box.open(sealed));
  }

  private async write(tx: Tx, id: string, columns: Readonly<Record<string, SqlValue>>): Promise<Account> {
    const names = Object.keys(columns);
    await tx.execute(
      `UPDATE inbox_accounts SET ${names.map((name) => `${name} = ?, `).join('')}revision = revision + 1, updated_at = ? WHERE id = ?`,
      [...names.map((name) => columns[name] as SqlValue), toDbTime(this.clock.now()), id],
    );
    return this.announce(tx, id);
  }

  private async announce(tx: Tx, id: string): Promise<Account> {
    const [record] = await this.repository.accounts([id], tx);
    if (record === undefined) throw new Error(`account ${id} vanished inside a transaction`);
    await this.outbox.add(tx, [accountRecord(record, this.clock.now())]);
    tx.afterCommit(() => this.directory.putAccount(record));
    return this.present(record);
  }

  private async lock(tx: Tx, id: string): Promise<AccountRecord> {
    await tx.lock('inbox_accounts', 'id', [id]);
    const [record] = await this.repository.accounts([id], tx);
    if (record === undefined || record.deletedAt !== null) throw notFound('account');
    return record;
  }

  private async require(id: string): Promise<AccountRecord> {
    const [record] = await this.repository.accounts([id]);
    if (record === undefined || record.deletedAt !== null) throw notFound('account');
    return record;
  }

  private requireDefinition(channel: string): ChannelDefinition {
    const definition = this.channels.definition(channel);
    if (definition === undefined)
      throw badRequest('unknown_channel', `no connector for channel ${channel} is installed`);
    return definition;
  }
}

/** Leaves out every string that is sealed, at any depth. */
function withoutSealed(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    if (typeof value === 'string' && value.startsWith('enc:')) continue;
    kept[key] =
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? withoutSealed(value as Record<string, unknown>)
        : value;
  }
  return kept;
}
