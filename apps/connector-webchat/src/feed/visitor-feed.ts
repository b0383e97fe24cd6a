import path from 'node:path';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Feed, type FeedEntry, MessageBus, type Tail, type TailRecord } from '@huiliu/bus';
import { INBOX_EVENTS, type Envelope, type InboxEvent, type VisitorMessage } from '@huiliu/contracts';
import { AccountDirectory } from '@huiliu/connector-kit';
import { Config, HealthRegistry } from '@huiliu/platform';
import { setTimeout as wait } from 'node:timers/promises';
import { forVisitor } from '../visitor/domain/visitor-message';

/** What a visitor's feed is made of; null for everything that is no visitor's business. */
export type VisitorFact = {
  readonly type: 'message.created' | 'message.updated';
  readonly message: VisitorMessage;
} | null;

/** All else is no visitor's business. */
const CONCERN_VISITORS: ReadonlySet<string> = new Set(['message.created', 'message.updated']);
/** What stands in the place of a fact that was not read. */
const NOTHING: Envelope<VisitorFact> = {
  id: '',
  type: '',
  v: 1,
  key: '',
  occurredAt: '',
  traceparent: null,
  data: null,
};

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
    @Inject(Config) private readonly config: Config,
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
    this.current?.close();
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
      let feed: Feed<VisitorFact> | null = null;
      try {
        await this.directory.ready;
        const opened = (feed = await this.open());
        const take = (records: readonly TailRecord[]): void => this.take(opened, records);
        const options = { types: [...CONCERN_VISITORS], restMs: REST_MS };
        this.tail = await this.bus.tail<unknown>(INBOX_EVENTS, START, take, options);
        await this.tail.caughtUp;
        opened.listen((entry) => this.listener(entry));
        this.current = opened;
        return;
      } catch (error) {
        await this.tail?.close().catch(() => undefined);
        this.tail = null;
        feed?.close();
        this.logger.warn({ err: error }, 'the feed cannot be read yet');
        await wait(delay, undefined, { signal: this.stopped.signal, ref: false }).catch(() => undefined);
      }
    }
  }

  /** The ring holds the facts as the topic has them: what a visitor sees of one is made when somebody asks, which hardly anybody does. */
  private async open(): Promise<Feed<VisitorFact>> {
    return new Feed<VisitorFact>({
      generation: await this.bus.generation(INBOX_EVENTS),
      read: (text) => seenOf(JSON.parse(text) as Envelope),
      folder: path.join(this.config.dataDir, 'ring'),
      onTrouble: (error) =>
        this.logger.warn({ err: error }, 'the ring has no room: pages that come back late load afresh'),
    });
  }

  private take(feed: Feed<VisitorFact>, records: readonly TailRecord[]): void {
    feed.push(
      records.map((record): TailRecord<VisitorFact> => {
        const { topic, partition, offset, occurredAtMs } = record;
        if (record.passed || !this.concerns(record.envelope as unknown as InboxEvent))
          return { topic, partition, offset, occurredAtMs, envelope: NOTHING };
        return { topic, partition, offset, occurredAtMs, envelope: seenOf(record.envelope), text: textOf(record) };
      }),
      (record) => record.envelope !== NOTHING,
    );
  }

  private concerns(event: InboxEvent): boolean {
    if (event.type !== 'message.created' && event.type !== 'message.updated') return false;
    const { message, accountId } = event.data;
    return event.data.public && message.direction !== 'note' && this.directory.get(accountId) !== undefined;
  }
}

/** A fact of a message as its visitor sees it. */
function seenOf(envelope: Envelope): Envelope<VisitorFact> {
  const { type, data } = envelope as unknown as Extract<InboxEvent, { type: 'message.created' | 'message.updated' }>;
  return { ...envelope, data: { type, message: forVisitor(data.message, data.accountId) } };
}

/** A text of its own: bytes are a part of all that a fetch brought, most of which is no visitor's business. */
function textOf({ text, envelope }: TailRecord): string | Uint8Array {
  if (text === undefined) return JSON.stringify(envelope);
  return typeof text === 'string' ? text : new Uint8Array(text);
}
