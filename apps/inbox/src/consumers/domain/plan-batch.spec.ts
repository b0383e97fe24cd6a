import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { ChannelInboundEvent } from '@huiliu/contracts';
import { newThread, type LoadedThread, type ThreadChange } from '../../conversations/domain/thread';
import type { StoredMessage } from '../../messages/domain/message';
import { planBatch, type BatchState, type PlacedEvent, type PlanContext } from './plan-batch';

const NOW = new Date('2026-11-23T12:00:00.000Z');
const RULES = [{ opens: ['message'], seconds: 3600, messages: 5 }];
const hash = (...parts: string[]): string => createHash('sha256').update(parts.join('|')).digest('base64url');

/** Ids that depend on how often they were asked for alone, so that two runs can be compared. */
function context(): PlanContext {
  let ids = 0;
  return {
    now: NOW,
    newId: () => `id-${++ids}`,
    keyOf: (accountId, remoteId) => hash(accountId, remoteId),
    idOf: (conversationId, direction, clientId) => hash(conversationId, direction, clientId).slice(0, 26),
    isAway: (agentId) => agentId === 'gone',
    rulesOf: () => RULES,
  };
}

type Loaded = LoadedThread & { isNew: boolean };

/** What the database would hold: conversations, messages and nothing else that a plan depends on. */
class World {
  readonly threads = new Map<string, Loaded>();
  readonly messages = new Map<string, StoredMessage>();

  constructor(private readonly plan = context()) {
    for (const [n, id] of ['a', 'b'].entries()) {
      const thread = newThread(
        {
          id,
          channel: 'fake',
          accountId: 'acc',
          identityId: id,
          contactId: id,
          remoteConversationId: id,
          remoteKey: id,
        },
        NOW,
      );
      // One has an agent who is there, one an agent who has gone.
      const open = {
        ...thread,
        status: 'open' as const,
        sessionId: 's',
        sessionStartedAt: NOW.toISOString(),
        assigneeId: n === 0 ? 'here' : 'gone',
      };
      this.threads.set(id, {
        thread: open,
        contact: { id, name: id, remoteId: id },
        lastMessage: null,
        windows: [],
        isNew: false,
      });
    }
  }

  apply(events: readonly PlacedEvent[]): ThreadChange[] {
    const byKey = [...this.messages.values()].map((message) => [message.dedupeKey as string, message] as const);
    const state: BatchState = {
      threads: this.threads,
      stored: new Set([...this.messages.values()].flatMap(({ id, dedupeKey }) => [id, dedupeKey as string])),
      messages: new Map(byKey),
      sentByUs: new Set([hash('acc', 'sent')]),
      contents: new Map(),
    };
    const changes = planBatch(state, events, this.plan);
    for (const { thread, contact, lastMessage, windows, created, updated } of changes) {
      this.threads.set(thread.id, { thread, contact, lastMessage, windows, isNew: false });
      for (const message of [...created, ...updated.values()]) this.messages.set(message.id, message);
    }
    return changes;
  }

  /** Everything but ids that were drawn: those depend on how often one was asked for. */
  summary(): unknown {
    const messages = [...this.messages.values()].map(
      ({ conversationId, seq, remoteId, direction, content, recalledAt, createdAt }) => ({
        conversationId,
        seq,
        remoteId,
        direction,
        text: content.text,
        recalledAt,
        createdAt,
      }),
    );
    const threads = [...this.threads.values()].map(({ thread, windows }) => {
      const { lastMessageId: _id, sessionId, ...rest } = thread;
      return { ...rest, hasSession: sessionId !== null, windows: windows.map(({ id: _window, ...window }) => window) };
    });
    return {
      messages: messages.sort((a, b) => (a.conversationId + a.remoteId! < b.conversationId + b.remoteId! ? -1 : 1)),
      threads,
    };
  }
}

const what = fc.record({
  conversation: fc.constantFrom('a', 'b'),
  type: fc.constantFrom(
    'message.received',
    'message.received',
    'message.received',
    'message.edited',
    'message.recalled',
    'contact.entered',
    'contact.left',
  ),
  direction: fc.constantFrom('inbound', 'inbound', 'outbound', 'system'),
  remoteId: fc.constantFrom('1', '2', '3', '4', '5', '6', '7', '8', 'sent'),
  clientId: fc.option(fc.constantFrom('x', 'y', 'z'), { nil: null }),
  at: fc.integer({ min: -600, max: 60 }),
  opens: fc.option(fc.constant('message'), { nil: undefined }),
});

const events = fc.array(what, { maxLength: 25 }).map((list) =>
  list.map(({ conversation, type, direction, remoteId, clientId, at, opens }, n): PlacedEvent => {
    const time = new Date(NOW.getTime() + at * 1000).toISOString();
    const data = {
      accountId: 'acc',
      channel: 'fake',
      remoteConversationId: conversation,
      contact: { remoteId: conversation, verified: false },
      direction,
      // A platform's ids are its own: the same one in two conversations is another message.
      remoteId: remoteId === 'sent' ? remoteId : `${conversation}-${remoteId}`,
      clientId,
      content: { kind: 'text', text: `text ${n}` },
      sentAt: time,
      editedAt: time,
      recalledAt: time,
      at: time,
      opens,
    };
    return {
      conversationId: conversation,
      event: {
        id: `e-${n}`,
        type,
        v: 1,
        key: conversation,
        occurredAt: time,
        traceparent: null,
        data,
      } as unknown as ChannelInboundEvent,
    };
  }),
);

describe('planBatch', () => {
  it('numbers what it stores 1, 2, 3 … in each conversation, each message once', () => {
    fc.assert(
      fc.property(events, (list) => {
        const world = new World();
        world.apply(list);
        for (const [id, { thread }] of world.threads) {
          const stored = [...world.messages.values()].filter((message) => message.conversationId === id);
          expect(stored.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(
            Array.from({ length: thread.lastSeq }, (_, n) => n + 1),
          );
          expect(new Set(stored.map(({ dedupeKey }) => dedupeKey)).size).toBe(stored.length);
          expect(stored.some(({ remoteId, direction }) => remoteId === 'sent' && direction === 'outbound')).toBe(false);
          expect(stored.every(({ createdAt }) => createdAt <= NOW.toISOString())).toBe(true);
          const lastStop = Math.max(
            0,
            ...stored.filter(({ direction }) => direction === 'outbound').map(({ seq }) => seq),
          );
          expect(thread.unread).toBe(
            stored.filter(({ direction, seq }) => direction === 'inbound' && seq > lastStop).length,
          );
        }
      }),
    );
  });

  it('does the same however the events are cut into batches', () => {
    fc.assert(
      fc.property(events, fc.array(fc.nat(25), { maxLength: 5 }), (list, cuts) => {
        const [whole, pieces] = [new World(), new World()];
        whole.apply(list);
        const at = [0, ...cuts.map((cut) => Math.min(cut, list.length)).sort((a, b) => a - b), list.length];
        at.slice(1).forEach((end, n) => pieces.apply(list.slice(at[n], end)));
        expect(pieces.summary()).toEqual(whole.summary());
      }),
    );
  });

  it('stores and counts nothing that was told before', () => {
    fc.assert(
      fc.property(events, (list) => {
        const world = new World();
        world.apply(list);
        const before = new Map([...world.threads].map(([id, { thread }]) => [id, { ...thread }]));
        const received = list.filter(({ event }) => event.type === 'message.received');
        for (const change of world.apply(received)) {
          expect(change.created).toEqual([]);
          expect(change.routing).toEqual([]);
          expect(change.thread).toEqual(before.get(change.thread.id));
        }
      }),
    );
  });

  it('asks routing for someone where the agent has gone, once', () => {
    fc.assert(
      fc.property(events, (list) => {
        const changes = new World().apply(list);
        for (const change of changes) {
          const heard = change.created.some(({ direction }) => direction === 'inbound');
          const asked = change.routing.filter(({ type }) => type === 'work.created').length;
          expect(asked).toBe(change.thread.id === 'b' && heard ? 1 : 0);
        }
      }),
    );
  });
});
