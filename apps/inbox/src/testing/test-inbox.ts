import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Delivery, EventBatch } from '@huiliu/bus';
import type { ChannelDefinition, ChannelInboundEvent, Envelope, MessageReceived } from '@huiliu/contracts';
import {
  Database,
  openDatabase,
  Outbox,
  toDbTime,
  type OutboxRecord,
  type Row,
  type SqlValue,
  type Tx,
} from '@huiliu/storage';
import { anEnvelope, anId, createTestDatabase, FakeClock } from '@huiliu/testing';
import type { AttachmentsService } from '../attachments/attachments.service';
import { ChannelRegistry } from '../channels/channel-registry';
import { ContactsRepository } from '../contacts/contacts.repository';
import { Placement } from '../contacts/placement';
import { AssignmentService } from '../conversations/assignments';
import { ConversationsRepository } from '../conversations/conversations.repository';
import { beginChange, type ThreadChange } from '../conversations/domain/thread';
import { resolve } from '../conversations/domain/turns';
import { SnoozeWaker } from '../conversations/snooze-waker';
import { ThreadStore } from '../conversations/thread-store';
import { AgentStandings } from '../decisions/agent-standings';
import { DecisionsRepository } from '../decisions/decisions.repository';
import { Directory } from '../directory/directory';
import { DirectoryRepository } from '../directory/directory.repository';
import { MessagesRepository } from '../messages/messages.repository';
import { RemoteIdsRepository } from '../messages/remote-ids.repository';
import { WaitingReceiptsRepository } from '../messages/waiting-receipts.repository';
import { OfferExpiry } from '../offers/offer-expiry';
import { OffersRepository } from '../offers/offers.repository';
import { OffersService } from '../offers/offers.service';
import { INBOX_SCHEMA } from '../schema';
import { SessionsRepository } from '../sessions/sessions.repository';
import { ThreadPlacement } from '../threads/thread-placement';
import { ThreadsRepository } from '../threads/threads.repository';
import { WindowsRepository } from '../windows/windows.repository';
import { DecisionsConsumer } from '../consumers/decisions.consumer';
import { InboundAttachments } from '../consumers/inbound-attachments';
import { InboundConsumer } from '../consumers/inbound.consumer';
import { InboundWriter } from '../consumers/inbound-writer';
import { ReceiptsConsumer } from '../consumers/receipts.consumer';
import { ReceiptsWriter } from '../consumers/receipts-writer';
import { WaitingReceipts } from '../consumers/waiting-receipts';

/** What transactions that were committed said, in order. */
export class RecordedOutbox extends Outbox {
  readonly records: OutboxRecord[] = [];

  add(tx: Tx, records: readonly OutboxRecord[]): Promise<void> {
    tx.afterCommit(() => this.records.push(...records));
    return Promise.resolve();
  }

  /** The data of all envelopes of a type, in order. */
  of<T = Record<string, unknown>>(type: string): T[] {
    return this.all()
      .filter((envelope) => envelope.type === type)
      .map((envelope) => envelope.data as T);
  }

  all(): Envelope[] {
    return this.records.map((record) => JSON.parse(record.value) as Envelope);
  }
}

/** A database that counts the statements inside transactions. */
export class CountingDatabase extends Database {
  statements = 0;

  constructor(private readonly inner: Database) {
    super();
  }

  get dialect(): Database['dialect'] {
    return this.inner.dialect;
  }

  query<R = Row>(sql: string, params?: readonly SqlValue[]): Promise<R[]> {
    return this.inner.query<R>(sql, params);
  }

  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.inner.transaction((tx) => work(this.counted(tx)));
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  private counted(tx: Tx): Tx {
    return new Proxy(tx, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        const method = value.bind(target) as (...args: unknown[]) => unknown;
        if (name === 'afterCommit') return method;
        return (...args: unknown[]) => {
          this.statements += 1;
          return method(...args);
        };
      },
    });
  }
}

/** A channel with a reply window (48 h, five messages; a menu click three in a minute), or without. */
export function definitionOf(channel: string, windows: boolean): ChannelDefinition {
  return {
    channel,
    app: `connector-${channel}`,
    version: 1,
    name: { zh: channel, en: channel },
    ingress: 'webhook',
    configSchema: {},
    secrets: [],
    inbound: windows ? ['text'] : ['text', 'email'],
    outbound: { text: { support: 'full', maxChars: 20 }, image: { support: 'full' } },
    edits: false,
    recall: { inbound: false, outbound: true, withinSeconds: 120 },
    receipts: ['delivered', 'read'],
    typing: { inbound: false, outbound: false },
    replyWindow: {
      rules: windows
        ? [
            { opens: ['message'], seconds: 48 * 3600, messages: 5 },
            { opens: ['menu_click'], seconds: 60, messages: 3 },
          ]
        : [],
      reserve: 1,
    },
  };
}

/** The conversations' part of the inbox on a database of its own, its consumers called directly. */
export interface TestInbox {
  readonly clock: FakeClock;
  readonly database: CountingDatabase;
  readonly outbox: RecordedOutbox;
  readonly directory: Directory;
  readonly store: ThreadStore;
  readonly conversations: ConversationsRepository;
  readonly messages: MessagesRepository;
  readonly windows: WindowsRepository;
  readonly assignments: AssignmentService;
  readonly offers: OffersService;
  readonly offerExpiry: OfferExpiry;
  readonly waker: SnoozeWaker;
  readonly waiting: WaitingReceipts;
  readonly accountId: string;
  inbound(...events: Envelope[]): Promise<void>;
  receipts(...events: Envelope[]): Promise<void>;
  decisions(...events: Envelope[]): Promise<void>;
  addAgent(over?: {
    name?: string;
    capacity?: number;
    presence?: string;
    gone?: boolean;
    disabled?: boolean;
  }): Promise<string>;
  setAgent(
    id: string,
    over: { capacity?: number; presence?: string; gone?: boolean; disabled?: boolean },
  ): Promise<void>;
  rows<R = Row>(sql: string, params?: readonly SqlValue[]): Promise<R[]>;
  close(): Promise<void>;
}

/** What the conversations' part is proved on: the same specs for both. */
export const DATABASES = ['sqlite', 'mysql'] as const;

/** Opens an inbox with one account of channel `fake` (`windows`: with reply windows), on a fresh database or on the one at `url`. */
export async function openTestInbox({
  on = 'sqlite',
  url,
  windows = false,
}: { on?: (typeof DATABASES)[number]; url?: string; windows?: boolean } = {}): Promise<TestInbox> {
  const fresh = on === 'mysql' ? await createTestDatabase() : null;
  const dir = mkdtempSync(join(tmpdir(), 'huiliu-inbox-'));
  const clock = new FakeClock();
  const storage = await openDatabase({
    url: url ?? fresh?.url ?? `sqlite:${join(dir, 'inbox.sqlite')}`,
    dataDir: dir,
    prefix: 'inbox',
    schemas: [INBOX_SCHEMA],
    clock,
  });
  const database = new CountingDatabase(storage.database);
  const outbox = new RecordedOutbox();
  const registry = new ChannelRegistry();
  const directory = new Directory(new DirectoryRepository(database), registry);
  registry.apply({
    ...anEnvelope('channel.defined', 'fake', definitionOf('fake', windows)),
    type: 'channel.defined',
    v: 1,
  });
  const accountId = anId();
  const at = toDbTime(clock.now());
  await database.transaction((tx) =>
    tx.insertMany(
      'inbox_accounts',
      ['id', 'channel', 'name', 'config', 'created_at', 'updated_at'],
      [[accountId, 'fake', 'Fake', '{}', at, at]],
    ),
  );
  await directory.load();

  const conversations = new ConversationsRepository();
  const messages = new MessagesRepository();
  const windowRows = new WindowsRepository();
  const offerRows = new OffersRepository();
  const remoteIds = new RemoteIdsRepository();
  const waitingRows = new WaitingReceiptsRepository();
  const threadRows = new ThreadsRepository();
  const store = new ThreadStore(
    conversations,
    messages,
    new SessionsRepository(),
    windowRows,
    new DecisionsRepository(),
    offerRows,
    directory,
    outbox,
  );
  const standings = new AgentStandings(conversations);
  const noAttachments = { claim: () => Promise.resolve(new Map()) } as unknown as AttachmentsService;
  const writer = new InboundWriter(
    clock,
    directory,
    new Placement(new ContactsRepository(), conversations),
    conversations,
    messages,
    remoteIds,
    store,
    new InboundAttachments(noAttachments),
    new ThreadPlacement(threadRows),
    threadRows,
  );
  const receiptsWriter = new ReceiptsWriter(clock, conversations, messages, remoteIds, waitingRows, windowRows, store);
  const waiting = new WaitingReceipts(database, clock, waitingRows, remoteIds, receiptsWriter, store);
  const offerExpiry = new OfferExpiry(database, clock, offerRows, store);
  const inbound = new InboundConsumer(database, writer);
  const receipts = new ReceiptsConsumer(database, receiptsWriter, waiting);
  const decisions = new DecisionsConsumer(database, clock, store, standings, offerRows, offerExpiry);
  const claimed = new Set<string>();
  const batch = <T>(events: readonly Envelope[]): EventBatch<T> => batchOf<T>(events, claimed);

  return {
    clock,
    database,
    outbox,
    directory,
    store,
    conversations,
    messages,
    windows: windowRows,
    assignments: new AssignmentService(standings, offerRows),
    offers: new OffersService(database, clock, offerRows, store, standings),
    offerExpiry,
    waker: new SnoozeWaker(database, clock, conversations, store, directory),
    waiting,
    accountId,
    inbound: (...events) => inbound.handle(batch(events)),
    receipts: (...events) => receipts.handle(batch(events)),
    decisions: (...events) => decisions.handle(batch(events)),
    addAgent: async ({ name = '小王', capacity = 5, presence = 'online', gone = false, disabled = false } = {}) => {
      const id = anId();
      const now = toDbTime(clock.now());
      const columns = [
        'id',
        'username',
        'name',
        'password_hash',
        'role',
        'capacity',
        'disabled',
        'presence',
        'presence_since',
        'gone',
        'created_at',
        'updated_at',
      ];
      await database.transaction((tx) =>
        tx.insertMany('inbox_agents', columns, [
          [id, id, name, 'x', 'agent', capacity, disabled ? 1 : 0, presence, now, gone ? 1 : 0, now, now],
        ]),
      );
      await directory.reloadAgent(id);
      return id;
    },
    setAgent: async (id, over) => {
      const sets = Object.entries(over).map(
        ([name, value]) => [name, typeof value === 'boolean' ? Number(value) : value] as const,
      );
      await database.transaction((tx) =>
        tx.execute(
          `UPDATE inbox_agents SET ${sets.map(([name]) => `${name} = ?`).join(', ')}, revision = revision + 1 WHERE id = ?`,
          [...sets.map(([, value]) => value), id],
        ),
      );
      await directory.reloadAgent(id);
    },
    rows: (sql, params) => database.query(sql, params),
    close: async () => {
      await storage.close();
      await fresh?.drop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Events as the bus hands them out; what was claimed before is not claimed again. */
function batchOf<T>(events: readonly Envelope[], claimed: Set<string>): EventBatch<T> {
  const deliveries = events.map(
    (envelope, n) =>
      ({ topic: 'test', partition: 0, offset: String(n), envelope: envelope as Envelope<T> }) satisfies Delivery<T>,
  );
  return {
    deliveries,
    claim: (tx) => {
      const fresh = deliveries.filter(({ envelope }) => !claimed.has(envelope.id));
      tx.afterCommit(() => fresh.forEach(({ envelope }) => claimed.add(envelope.id)));
      return Promise.resolve(fresh);
    },
  };
}

let written = 0;

/** A customer's message, or another event of `channel.inbound` by `type`. */
export function told(
  inbox: Pick<TestInbox, 'accountId' | 'clock'>,
  customer: string,
  over: Partial<MessageReceived> & Record<string, unknown> = {},
  type = 'message.received',
): Envelope {
  written += 1;
  const data = {
    accountId: inbox.accountId,
    channel: 'fake',
    remoteConversationId: customer,
    contact: { remoteId: customer, name: `${customer}先生`, verified: false },
    direction: 'inbound',
    remoteId: `m-${written}`,
    clientId: null,
    content: { kind: 'text', text: `你好 ${written}` },
    sentAt: inbox.clock.now().toISOString(),
    ...over,
  };
  return anEnvelope(type as ChannelInboundEvent['type'], customer, data, {
    occurredAt: inbox.clock.now().toISOString(),
  });
}

const REASON = { strategy: 'longest_idle', queue: 'q', waitedMs: 0, rulesVersion: 1, candidates: [], omitted: 0 };

/** One of routing's decisions. */
export function decided(
  inbox: Pick<TestInbox, 'clock'>,
  type: string,
  conversationId: string,
  version: number,
  more: Record<string, unknown> = {},
): Envelope {
  return anEnvelope(
    type,
    conversationId,
    { conversationId, version, reason: REASON, ...more },
    { occurredAt: inbox.clock.now().toISOString() },
  );
}

/** Something that a person does to one conversation, as the services do it. */
export async function byHand(
  inbox: TestInbox,
  id: string,
  act: (change: ThreadChange, tx: Tx, now: Date) => Promise<void> | void,
): Promise<void> {
  await inbox.database.transaction(async (tx) => {
    const loaded = (await inbox.store.load(tx, [id])).get(id);
    if (!loaded) throw new Error('no such conversation');
    const change = beginChange(loaded);
    const now = inbox.clock.now();
    await act(change, tx, now);
    await inbox.store.save(tx, [change], now);
  });
}

export function resolveByHand(inbox: TestInbox, id: string, agentId: string): Promise<void> {
  return byHand(inbox, id, (change, _tx, now) => resolve(change, { agentId, category: null, at: now.toISOString() }));
}
