import { randomBytes } from 'node:crypto';
import type { Conversation, Envelope, Message } from '@huiliu/contracts';

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
export const SAMPLE_TIME = '2026-11-23T12:00:00.000Z';

/** A random id that stands for nothing. */
export function anId(): string {
  return Array.from(randomBytes(26), (byte) => LETTERS[byte % 32])
    .join('')
    .replace(/^./, '0');
}

/** An envelope around `data`. */
export function anEnvelope<T>(type: string, key: string, data: T, over: Partial<Envelope<T>> = {}): Envelope<T> {
  return { id: anId(), type, v: 1, key, occurredAt: SAMPLE_TIME, traceparent: null, data, ...over };
}

/** An inbound text. */
export function aMessage(over: Partial<Message> = {}): Message {
  return {
    id: anId(),
    conversationId: anId(),
    seq: 1,
    direction: 'inbound',
    author: { type: 'contact', id: anId(), name: '访客' },
    content: { kind: 'text', text: '你好' },
    state: 'received',
    error: null,
    remoteId: 'remote-1',
    remoteIds: [],
    clientId: null,
    recalledAt: null,
    createdAt: SAMPLE_TIME,
    ...over,
  };
}

/** An open conversation that waits for an agent. */
export function aConversation(over: Partial<Conversation> = {}): Conversation {
  return {
    id: anId(),
    channel: 'webchat',
    accountId: anId(),
    contact: { id: anId(), name: '访客', remoteId: 'visitor-1' },
    status: 'open',
    assignee: null,
    teamId: null,
    tags: [],
    priority: 'normal',
    lastMessage: null,
    unread: 1,
    waitingSince: SAMPLE_TIME,
    replyWindow: null,
    session: { id: anId(), startedAt: SAMPLE_TIME, firstReplyAt: null },
    createdAt: SAMPLE_TIME,
    updatedAt: SAMPLE_TIME,
    ...over,
  };
}
