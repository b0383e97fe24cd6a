import { Inject, Injectable } from '@nestjs/common';
import { Clock, Database, toDbTime } from '@huiliu/storage';
import { connectorPrefix, HOST_OPTIONS, type HostOptions } from '../host-options';
import type { Held } from '../leases/lease-book';

/** How far accounts have been read; moved only by who holds the account's lease. */
@Injectable()
export class CursorStore {
  private readonly table: string;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(HOST_OPTIONS) options: HostOptions,
  ) {
    this.table = `${connectorPrefix(options.app)}_cursors`;
  }

  async read(accountId: string): Promise<string | null> {
    const [row] = await this.database.query<{ cursor_text: string }>(
      `SELECT cursor_text FROM ${this.table} WHERE account_id = ?`,
      [accountId],
    );
    return row?.cursor_text ?? null;
  }

  /** Throws `StaleLease` when another process reads the account by now. */
  async move(accountId: string, cursor: string, held: Held): Promise<void> {
    await this.database.transaction(async (tx) => {
      await held.assert(tx);
      await tx.upsertMany(
        this.table,
        ['account_id', 'cursor_text', 'updated_at'],
        [[accountId, cursor, toDbTime(this.clock.now())]],
        ['account_id'],
        ['cursor_text', 'updated_at'],
      );
    });
  }
}
