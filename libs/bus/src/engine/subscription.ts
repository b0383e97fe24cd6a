import { DLQ_COMMANDS, SIGNALS, type DlqCommandEvent, type TopicSpec } from '@huiliu/contracts';
import type { Database } from '@huiliu/storage';
import type { BatchHandler, EventBatch, SubscriptionOptions } from '../bus';
import { rememberTopic } from '../topics';
import type { ParkedStore } from './parked-store';

export interface Subscription {
  readonly topic: TopicSpec;
  readonly group: string;
  readonly maxBatch: number;
  readonly lanes: number;
  readonly together: boolean;
  readonly types?: ReadonlySet<string>;
  readonly concerned?: () => boolean;
  readonly restMs: number;
  readonly handler: BatchHandler;
}

const DEFAULT_BATCH = 200;
const DEFAULT_LANES = 4;

/** What a process handles: at most one handler for a group and topic. */
export class Subscriptions {
  private readonly all: Subscription[] = [];
  private closed = false;

  add(topic: TopicSpec, options: SubscriptionOptions, handler: BatchHandler): void {
    if (this.closed) throw new Error(`${options.group} subscribes to ${topic.name} after the bus was started`);
    if (topic.name === SIGNALS.name) throw new Error('signals are kept nowhere: listen with onSignal');
    if (this.all.some((other) => other.topic.name === topic.name && other.group === options.group)) {
      throw new Error(`two handlers of group ${options.group} for ${topic.name}`);
    }
    rememberTopic(topic);
    this.all.push({
      topic,
      group: options.group,
      maxBatch: Math.max(1, options.maxBatch ?? DEFAULT_BATCH),
      lanes: Math.max(1, options.lanes ?? DEFAULT_LANES),
      together: options.together ?? false,
      ...(options.types && { types: new Set(options.types) }),
      ...(options.concerned && { concerned: options.concerned }),
      restMs: options.restMs ?? 0,
      handler,
    });
  }

  /** Ends the time for subscribing; where anything is handled, commands about what could not be are handled, too. */
  close(prefix: string, db: Database, parked: ParkedStore): readonly Subscription[] {
    if (!this.closed && this.all.length > 0) {
      this.add(DLQ_COMMANDS, { group: `${prefix}.dlq-commands`, maxBatch: 50, lanes: 1 }, dlqCommands(db, parked));
    }
    this.closed = true;
    return this.all;
  }
}

/** Does what admins want of rows in this app's table; commands for other apps' rows find nothing. */
function dlqCommands(db: Database, parked: ParkedStore): BatchHandler {
  return async (batch: EventBatch): Promise<void> => {
    await db.transaction(async (tx) => {
      const fresh = await batch.claim(tx);
      for (const { envelope } of fresh) await parked.command(tx, envelope as DlqCommandEvent);
      tx.afterCommit(() => parked.changed());
    });
  };
}
