import type { Conversation, Message } from '@huiliu/contracts';

const time = (ms: number): string => new Date(1_795_000_000_000 + ms).toISOString();

/** A message for specs. */
export function aMessage(over: Partial<Message> = {}): Message {
  return {
    id: 'm1',
    conversationId: 'c1',
    seq: 1,
    direction: 'inbound',
    author: { type: 'contact', id: null, name: '周' },
    content: { kind: 'text', text: '在吗' },
    state: 'received',
    error: null,
    remoteId: null,
    remoteIds: [],
    clientId: null,
    recalledAt: null,
    createdAt: time(0),
    ...over,
  };
}

/** A conversation for specs. */
export function aConversation(over: Partial<Conversation> = {}): Conversation {
  return {
    id: 'c1',
    channel: 'webchat',
    accountId: 'a1',
    contact: { id: 'p1', name: '周', remoteId: 'r1' },
    status: 'open',
    assignee: null,
    teamId: null,
    tags: [],
    priority: 'normal',
    lastMessage: null,
    unread: 0,
    waitingSince: null,
    replyWindow: null,
    session: null,
    createdAt: time(0),
    updatedAt: time(0),
    ...over,
  };
}

export { time as timeAt };
