import { Injectable } from '@nestjs/common';
import { newId } from '@huiliu/platform';
import { Clock, Database } from '@huiliu/storage';
import { Directory } from '../directory/directory';
import { isAway } from './away';
import { ConversationsRepository } from './conversations.repository';
import { beginChange } from './domain/thread';
import { reopen } from './domain/turns';
import { DueWork } from './due-work';
import { ThreadStore } from './thread-store';

/** Opens snoozed conversations when their time has come. */
@Injectable()
export class SnoozeWaker extends DueWork<string> {
  constructor(
    private readonly database: Database,
    clock: Clock,
    private readonly conversations: ConversationsRepository,
    private readonly store: ThreadStore,
    private readonly directory: Directory,
  ) {
    super(clock);
  }

  protected next(): Promise<Date | null> {
    return this.conversations.nextSnooze(this.database);
  }

  protected due(now: Date, limit: number): Promise<string[]> {
    return this.conversations.dueSnoozes(this.database, now, limit);
  }

  protected async settle(ids: readonly string[]): Promise<void> {
    await this.database.transaction(async (tx) => {
      const loaded = await this.store.load(tx, ids);
      const now = this.clock.now();
      const at = now.toISOString();
      const due = [...loaded.values()].filter(
        ({ thread }) => thread.status === 'snoozed' && thread.snoozedUntil !== null && thread.snoozedUntil <= at,
      );
      const changes = due.map((thread) => beginChange(thread));
      for (const change of changes) reopen(change, at, { newId, isAway: (agentId) => isAway(this.directory, agentId) });
      await this.store.save(tx, changes, now);
    });
  }
}
