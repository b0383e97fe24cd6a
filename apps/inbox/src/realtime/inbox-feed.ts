import path from 'node:path';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { INBOX_EVENTS, type InboxEvent } from '@huiliu/contracts';
import { Feed, MessageBus, readEnvelope, type FeedEntry, type Tail, type TailRecord } from '@huiliu/bus';
import { Config, HealthRegistry } from '@huiliu/platform';
import { Clock } from '@huiliu/storage';
import { Logger } from 'nestjs-pino';
import { Directory } from '../directory/directory';
import { agentOfFact } from '../directory/records';
import { ConversationAccessMap } from './conversation-access';

export const RING_MS = 600_000;
export const RING_RECORDS = 10_000;
const PRUNE_EVERY = 10_000;

/** One of the inbox's facts in the ring. */
export type InboxEntry = FeedEntry<InboxEvent['data']>;

/**
 * This process's reading of `inbox.events`: first the directory and the map of who may see what learn from a record, then it enters
 * the ring and goes to the sockets. Not ready until it has caught up.
 */
@Injectable()
export class InboxFeed implements OnModuleInit, OnModuleDestroy {
  private current: Feed<InboxEvent['data']> | undefined;
  private tail: Tail | undefined;
  private caughtUp = false;

  constructor(
    private readonly config: Config,
    private readonly bus: MessageBus,
    private readonly clock: Clock,
    private readonly directory: Directory,
    private readonly accesses: ConversationAccessMap,
    private readonly health: HealthRegistry,
    private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    this.health.add('feed', () => this.trouble());
    // The database first: what it does not tell yet comes as a fact afterwards.
    await this.directory.load();
    await this.accesses.load();
    const feed = new Feed<InboxEvent['data']>({
      generation: await this.bus.generation(INBOX_EVENTS),
      read: (text) => readEnvelope(INBOX_EVENTS, text),
      folder: path.join(this.config.dataDir, 'ring'),
      onTrouble: (error) =>
        this.logger.warn({ err: error }, 'the ring has no room: pages that come back late load afresh'),
      keepMs: RING_MS,
      keepRecords: RING_RECORDS,
      nowMs: () => this.clock.now().getTime(),
    });
    this.current = feed;
    this.tail = await this.bus.tail<InboxEvent['data']>(
      INBOX_EVENTS,
      { sinceMs: RING_MS, atLeast: RING_RECORDS },
      (records) => this.take(feed, records),
    );
    void this.tail.caughtUp.then(() => (this.caughtUp = true));
  }

  async onModuleDestroy(): Promise<void> {
    await this.tail?.close();
    this.current?.close();
  }

  /** The ring; sockets may be opened only once `ready`. */
  get feed(): Feed<InboxEvent['data']> {
    if (this.current === undefined) throw new Error('the feed has not been opened');
    return this.current;
  }

  get ready(): boolean {
    return this.caughtUp;
  }

  /** Resolves when the ring is filled. */
  async whenReady(): Promise<void> {
    await this.tail?.caughtUp;
  }

  private trouble(): string | null {
    if (!this.caughtUp) return 'reading what was there before';
    return this.tail?.healthy() ? null : 'the bus is out of reach';
  }

  private take(feed: Feed<InboxEvent['data']>, records: readonly TailRecord<InboxEvent['data']>[]): void {
    for (const record of records) {
      const event = eventOf(record);
      this.learn(event, feed.lastIndex + 1);
      feed.push([record]);
      if (feed.lastIndex % PRUNE_EVERY === 0) this.accesses.prune(feed.lastIndex - feed.size + 1);
    }
  }

  /** At once, not after a look at the database: what is sent next is judged by it. */
  private learn(event: InboxEvent, index: number): void {
    if (event.type === 'team.updated') {
      const { team, revision } = event.data;
      if (revision === undefined) this.refresh(this.directory.reloadTeam(team.id));
      else this.directory.putTeam({ ...team, revision });
    } else if (event.type === 'agent.updated') {
      const { agent, revision, gone } = event.data;
      if (revision === undefined || gone === undefined) this.refresh(this.directory.reloadAgent(agent.id));
      else this.directory.putAgent(agentOfFact(agent, revision, gone));
    } else this.accesses.apply(event, index);
  }

  private refresh(reload: Promise<void>): void {
    reload.catch((error: unknown) => this.logger.warn({ err: error }, 'could not refresh the directory'));
  }
}

/** The envelope as the union it was validated to be. */
export function eventOf(record: TailRecord<InboxEvent['data']>): InboxEvent {
  return record.envelope as unknown as InboxEvent;
}
