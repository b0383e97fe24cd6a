import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Feed, type FeedEntry, MessageBus, type Tail, type TailRecord } from '@huiliu/bus';
import { INBOX_EVENTS, type InboxEvent, type VisitorMessage } from '@huiliu/contracts';
import { AccountDirectory } from '@huiliu/connector-kit';
import { HealthRegistry } from '@huiliu/platform';
import { setTimeout as wait } from 'node:timers/promises';
import { forVisitor } from '../visitor/domain/visitor-message';

/** What a visitor's feed is made of; null for everything that is no visitor's business. */
export type VisitorFact = {
  readonly type: 'message.created' | 'message.updated';
  readonly message: VisitorMessage;
} | null;

/** Ten minutes or ten thousand records, whichever is more. */
const START = { sinceMs: 600_000, atLeast: 10_000 };
/** Nobody sees an answer come so much later; most facts are of what visitors wrote themselves. */
const REST_MS = 20;

/** Keeps in memory what the inbox has said to customers, for this process's sockets. */
@Injectable()
export class VisitorFeed implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('VisitorFeed');
  private readonly stopped = new AbortController();
  private current: Feed<VisitorFact> | null = null;
  private tail: Tail | null = null;
  private listener: (entry: FeedEntry<VisitorFact>) => void = () => undefined;

  constructor(
    @Inject(MessageBus) private readonly bus: MessageBus,
    @Inject(AccountDirectory) private readonly directory: AccountDirectory,
    @Inject(HealthRegistry) health: HealthRegistry,
  ) {
    // While the bus is away visitors are still served: what they write is kept, and pages come back for the rest.
    health.add('visitor-feed', () =>
      this.current !== null || bus.trouble() !== null ? null : 'the feed is not read yet',
    );
  }

  onApplicationBootstrap(): void {
    void this.begin();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped.abort();
    await this.tail?.close();
  }

  /** Null until the ring is filled: a client that came earlier could miss something. */
  get feed(): Feed<VisitorFact> | null {
    return this.current;
  }

  onEntry(listener: (entry: FeedEntry<VisitorFact>) => void): void {
    this.listener = listener;
  }

  private async begin(): Promise<void> {
    for (let delay = 200; !this.stopped.signal.aborted; delay = Math.min(5_000, delay * 2)) {
      try {
        await this.directory.ready;
        const feed = new Feed<VisitorFact>({ generation: await this.bus.generation(INBOX_EVENTS) });
        this.tail = await this.bus.tail<unknown>(INBOX_EVENTS, START, (records) => this.take(feed, records), {
          restMs: REST_MS,
        });
        await this.tail.caughtUp;
        feed.listen((entry) => this.listener(entry));
        this.current = feed;
        return;
      } catch (error) {
        await this.tail?.close().catch(() => undefined);
        this.tail = null;
        this.logger.warn({ err: error }, 'the feed cannot be read yet');
        await wait(delay, undefined, { signal: this.stopped.signal, ref: false }).catch(() => undefined);
      }
    }
  }

  private take(feed: Feed<VisitorFact>, records: readonly TailRecord[]): void {
    feed.push(
      records.map(({ topic, partition, offset, occurredAtMs, envelope }) => ({
        topic,
        partition,
        offset,
        occurredAtMs,
        envelope: { ...envelope, data: this.factOf(envelope as unknown as InboxEvent) },
      })),
      (record) => record.envelope.data !== null,
    );
  }

  private factOf(event: InboxEvent): VisitorFact {
    if (event.type !== 'message.created' && event.type !== 'message.updated') return null;
    const { message, accountId } = event.data;
    if (!event.data.public || message.direction === 'note' || this.directory.get(accountId) === undefined) return null;
    return { type: event.type, message: forVisitor(message, accountId) };
  }
}
