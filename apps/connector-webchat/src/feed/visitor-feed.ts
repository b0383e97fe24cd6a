import path from 'node:path';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Feed, type FeedEntry, MessageBus, readEnvelope, type Tail, type TailRecord } from '@huiliu/bus';
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
/** What stands in the place of a fact that is no visitor's business. */
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

/** Behind it stands an account's id. Text within a record cannot look so: its quotes have backslashes before them. */
const ACCOUNT = '"accountId":"';
const ID_LENGTH = 26;

/**
 * Keeps in memory what the inbox has said to customers, for this process's sockets. Most of it is looked at by nobody: it is kept as it lies
 * in the topic, and read when a page is there for it, or comes back.
 */
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
        const options = { types: [...CONCERN_VISITORS], mayBeUnread: true, restMs: REST_MS };
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

  private async open(): Promise<Feed<VisitorFact>> {
    return new Feed<VisitorFact>({
      generation: await this.bus.generation(INBOX_EVENTS),
      read: (text) => this.read(text),
      folder: path.join(this.config.dataDir, 'ring'),
      onTrouble: (error) =>
        this.logger.warn({ err: error }, 'the ring has no room: pages that come back late load afresh'),
    });
  }

  private take(feed: Feed<VisitorFact>, records: readonly TailRecord[]): void {
    feed.push(
      records.map((record) => this.recordOf(record)),
      ({ unread, envelope }) => unread !== undefined || envelope.data !== null,
    );
  }

  private recordOf(record: TailRecord): TailRecord<VisitorFact> {
    const { topic, partition, offset, occurredAtMs, unread, text } = record;
    const place = { topic, partition, offset, occurredAtMs };
    if (record.passed) return { ...place, envelope: NOTHING };
    if (unread !== undefined && text !== undefined) {
      if (!this.isOfOurs(text)) return { ...place, envelope: NOTHING };
      // A copy: the bytes are a part of what came with them, which may be other channels' mails.
      return { ...place, unread, text: typeof text === 'string' ? text : Buffer.from(text), envelope: NOTHING };
    }
    return { ...place, text: text ?? JSON.stringify(record.envelope), envelope: this.factIn(record.envelope) };
  }

  /** Whether a record names an account of this connector. */
  private isOfOurs(text: string | Uint8Array): boolean {
    const where = typeof text === 'string' ? text : Buffer.from(text.buffer, text.byteOffset, text.length);
    // From its end: what a message says, which may be long, stands before it.
    for (let at = where.lastIndexOf(ACCOUNT); at >= 0; at = at === 0 ? -1 : where.lastIndexOf(ACCOUNT, at - 1)) {
      const from = at + ACCOUNT.length;
      const to = from + ID_LENGTH;
      const id = typeof where === 'string' ? where.slice(from, to) : where.toString('latin1', from, to);
      if (this.directory.get(id) !== undefined) return true;
    }
    return false;
  }

  private read(text: string | Uint8Array): Envelope<VisitorFact> {
    try {
      return this.factIn(readEnvelope(INBOX_EVENTS, text));
    } catch (error) {
      this.logger.warn(`passed over what cannot be read: ${String(error)}`);
      return NOTHING;
    }
  }

  private factIn(envelope: Envelope<unknown>): Envelope<VisitorFact> {
    return { ...envelope, data: this.factOf(envelope as unknown as InboxEvent) };
  }

  private factOf(event: InboxEvent): VisitorFact {
    if (event.type !== 'message.created' && event.type !== 'message.updated') return null;
    const { message, accountId } = event.data;
    if (!event.data.public || message.direction === 'note' || this.directory.get(accountId) === undefined) return null;
    return { type: event.type, message: forVisitor(message, accountId) };
  }
}
