import type { ChannelDefinition, Conversation, ConversationAccess, Message } from '@huiliu/contracts';
import { deriveId } from '@huiliu/platform';

const AT = '2026-11-23T12:00:00.000Z';

export function messageOf(conversationId: string, seq: number): Message {
  return {
    id: deriveId(conversationId, String(seq)),
    conversationId,
    seq,
    direction: 'inbound',
    author: { type: 'contact', id: null, name: '客户' },
    content: { kind: 'text', text: `message ${seq}` },
    state: 'received',
    error: null,
    remoteId: null,
    remoteIds: [],
    clientId: null,
    recalledAt: null,
    createdAt: AT,
  };
}

export function conversationOf(
  id: string,
  access: ConversationAccess,
  status: Conversation['status'] = 'open',
): Conversation {
  return {
    id,
    channel: 'webchat',
    accountId: access.accountId,
    contact: { id, name: '客户', remoteId: id },
    status,
    assignee: access.assigneeId === null ? null : { id: access.assigneeId, name: 'agent' },
    teamId: access.teamId,
    tags: [],
    priority: 'normal',
    lastMessage: null,
    unread: 0,
    waitingSince: null,
    replyWindow: null,
    session: null,
    createdAt: AT,
    updatedAt: AT,
  };
}

/** A channel with secrets, an `apiBase`, and a webhook. */
export const HOOK_CHANNEL: ChannelDefinition = {
  channel: 'hook-chat',
  app: 'connector-hook',
  version: 1,
  name: { zh: '测试', en: 'Test' },
  ingress: 'webhook',
  configSchema: {
    type: 'object',
    properties: {
      appId: { type: 'string', minLength: 1 },
      appSecret: { type: 'string', minLength: 1 },
      apiBase: { type: 'string' },
      imap: {
        type: 'object',
        properties: { host: { type: 'string' }, pass: { type: 'string' } },
        required: ['host', 'pass'],
        additionalProperties: false,
      },
    },
    required: ['appId', 'appSecret'],
    additionalProperties: false,
  },
  secrets: ['appSecret', 'imap.pass'],
  inbound: ['text'],
  outbound: { text: { support: 'full' } },
  edits: false,
  recall: { inbound: false, outbound: false, withinSeconds: null },
  receipts: [],
  typing: { inbound: false, outbound: false },
  replyWindow: { rules: [], reserve: 0 },
};
