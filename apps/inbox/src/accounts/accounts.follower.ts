import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ACCOUNTS, type AccountsEvent } from '@huiliu/contracts';
import { MessageBus, type Tail } from '@huiliu/bus';
import { Clock, Database, Outbox } from '@huiliu/storage';
import { Logger } from 'nestjs-pino';
import { Directory } from '../directory/directory';
import { DirectoryRepository } from '../directory/directory.repository';
import { accountRecord } from './account-records';

/** Follows the compacted topic `accounts`: learns what other processes changed, and says again what the topic has lost. */
@Injectable()
export class AccountsFollower implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  /** The highest revision that the topic tells of each account. */
  private readonly told = new Map<string, number>();
  private tail: Tail | undefined;
  private repairing: Promise<void> = Promise.resolve();
  private stop: () => void = () => undefined;
  private readonly stopped = new Promise<'stopped'>((resolve) => (this.stop = () => resolve('stopped')));

  constructor(
    private readonly bus: MessageBus,
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly directory: Directory,
    private readonly repository: DirectoryRepository,
    private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    this.tail = await this.bus.tail<AccountsEvent['data']>(ACCOUNTS, 'beginning', (records) => {
      for (const { envelope } of records) this.take(envelope.data);
    });
  }

  onApplicationBootstrap(): void {
    this.repairing = this.repair().catch((error: unknown) =>
      this.logger.warn({ err: error }, 'could not compare the accounts with their topic'),
    );
  }

  async onModuleDestroy(): Promise<void> {
    this.stop();
    await this.tail?.close();
    await this.repairing;
  }

  private take({ accountId, revision }: AccountsEvent['data']): void {
    this.told.set(accountId, Math.max(revision, this.told.get(accountId) ?? 0));
    if ((this.directory.account(accountId)?.revision ?? 0) >= revision) return;
    this.directory
      .reloadAccount(accountId)
      .catch((error: unknown) => this.logger.warn({ err: error }, 'could not refresh an account'));
  }

  /** Publishes what the database knows and the topic does not: it was lost, or never made. */
  private async repair(): Promise<void> {
    if ((await Promise.race([this.tail?.caughtUp, this.stopped])) === 'stopped') return;
    const missing = (await this.repository.accounts()).filter(
      (account) =>
        (this.told.get(account.id) ?? 0) < account.revision &&
        (account.deletedAt === null || this.told.has(account.id)),
    );
    if (missing.length === 0) return;
    const now = this.clock.now();
    await this.db.transaction((tx) =>
      this.outbox.add(
        tx,
        missing.map((account) => accountRecord(account, now)),
      ),
    );
  }
}
