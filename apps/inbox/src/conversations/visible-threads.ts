import { Injectable } from '@nestjs/common';
import type { BusRecord } from '@huiliu/bus';
import type { Conversation } from '@huiliu/contracts';
import { notFound } from '@huiliu/platform';
import { Clock, Database, type Tx } from '@huiliu/storage';
import type { Viewer } from '../auth/viewer';
import { Directory } from '../directory/directory';
import { ConversationsRepository } from './conversations.repository';
import { accessOf, beginChange, type Thread, type ThreadChange } from './domain/thread';
import { ThreadStore } from './thread-store';

/** What somebody does to one conversation: fills the change; answers commands for connectors, where there are any. */
export type Act = (
  tx: Tx,
  change: ThreadChange,
  now: Date,
) => Promise<readonly BusRecord[] | void> | readonly BusRecord[] | void;

/** Conversations as one person may see and change them: out of sight is 404, always. */
@Injectable()
export class VisibleThreads {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly directory: Directory,
    private readonly conversations: ConversationsRepository,
    private readonly store: ThreadStore,
  ) {}

  /** A conversation's row, as committed. */
  async read(viewer: Viewer, id: string): Promise<Thread> {
    const thread = (await this.conversations.byIds(this.database, [id])).get(id);
    if (!thread || !this.directory.canSee(viewer, accessOf(thread))) throw notFound('conversation');
    return thread;
  }

  /** Locks a conversation and begins a change of it. */
  async open(tx: Tx, viewer: Viewer, id: string): Promise<ThreadChange> {
    const loaded = (await this.store.load(tx, [id])).get(id);
    if (!loaded || !this.directory.canSee(viewer, accessOf(loaded.thread))) throw notFound('conversation');
    return beginChange(loaded);
  }

  /** Does one thing to one conversation in one transaction; answers the conversation as it is then. */
  change(viewer: Viewer, id: string, act: Act): Promise<Conversation> {
    return this.database.transaction(async (tx) => {
      const change = await this.open(tx, viewer, id);
      // The time is taken under the lock: what comes later in the conversation is not earlier on the clock.
      const now = this.clock.now();
      const commands = await act(tx, change, now);
      return this.save(tx, change, now, commands ?? []);
    });
  }

  async save(tx: Tx, change: ThreadChange, now: Date, commands: readonly BusRecord[]): Promise<Conversation> {
    const saved = (await this.store.save(tx, [change], now, commands)).get(change.thread.id);
    if (!saved) throw new Error('a saved conversation is not there');
    return saved;
  }
}
