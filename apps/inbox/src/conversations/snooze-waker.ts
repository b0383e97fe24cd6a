import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { newId } from '@huiliu/platform';
import { Clock, Database } from '@huiliu/storage';
import { Directory } from '../directory/directory';
import { isAway } from './away';
import { ConversationsRepository } from './conversations.repository';
import { beginChange } from './domain/thread';
import { reopen } from './domain/turns';
import { DueTimer } from './due-timer';
import { ThreadStore } from './thread-store';

/** How many conversations are woken in one transaction. */
const AT_ONCE = 100;

/** Opens snoozed conversations when their time has come. */
@Injectable()
export class SnoozeWaker implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly timer: DueTimer;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly conversations: ConversationsRepository,
    private readonly store: ThreadStore,
    private readonly directory: Directory,
  ) {
    this.timer = new DueTimer(
      SnoozeWaker.name,
      { next: () => this.conversations.nextSnooze(this.database), run: () => this.wakeDue() },
      clock,
    );
  }

  onApplicationBootstrap(): void {
    this.timer.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.timer.stop();
  }

  /** A conversation has been snoozed: it may be the next. */
  look(): void {
    this.timer.look();
  }

  /** Wakes everything that is due now. */
  async wakeDue(): Promise<void> {
    for (;;) {
      const ids = await this.conversations.dueSnoozes(this.database, this.clock.now(), AT_ONCE);
      if (ids.length > 0) await this.wake(ids);
      if (ids.length < AT_ONCE) return;
    }
  }

  private async wake(ids: readonly string[]): Promise<void> {
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
