import type { Envelope, MessageReceived } from '@huiliu/contracts';
import { randomBytes } from 'node:crypto';

/** What a floor remembers of a conversation. */
export interface FloorThread {
  readonly contactId: string;
  seq: number;
}

type Value = string | number | null;

export const MESSAGE_COLUMNS =
  'id, conversation_id, seq, direction, author_type, author_id, author_name, content, text, state, error, attempt, failed_part, remote_id, remote_ids, client_id, dedupe_key, is_public, recalled_at, session_id, created_at';
export const CONVERSATION_COLUMNS =
  'id, channel, account_id, identity_id, contact_id, remote_conversation_id, remote_key, status, assignee_id, team_id, last_agent_id, assignment_version, priority, tags, last_seq, last_message_id, last_message_at, last_inbound_remote_id, read_seq, unread, waiting_since, queued_since, snoozed_until, session_id, session_started_at, session_first_reply_at, created_at, updated_at';
/** What a conversation that exists gets of a new message. */
export const CONVERSATION_CHANGES = ['last_seq', 'last_message_id', 'last_message_at', 'unread', 'updated_at'];

/** The rows and the record that one batch of inbound messages comes to, with the data that the product stores and says. */
export interface FloorBatch {
  readonly messages: Value[][];
  readonly conversations: Value[][];
  readonly facts: { readonly id: string; readonly key: string; readonly value: string }[];
}

/** The same data as the product, by the shortest way: no check, no lookup; `seq` comes from memory. */
export function floorBatch(
  events: readonly Envelope<MessageReceived>[],
  threads: Map<string, FloorThread>,
  now: Date,
): FloorBatch {
  const at = now.toISOString();
  const dbNow = dbTime(at);
  const messages: Value[][] = [];
  const conversations = new Map<string, Value[]>();
  const facts: FloorBatch['facts'] = [];
  for (const { data } of events) {
    const { accountId, content, clientId, remoteId } = data;
    const conversationId = data.conversationId!;
    const contactId = data.contact.contactId!;
    const thread = threads.get(conversationId) ?? { contactId, seq: 0 };
    threads.set(conversationId, thread);
    const seq = ++thread.seq;
    const id = data.messageId!;
    const sent = dbTime(data.sentAt);
    messages.push([
      id,
      conversationId,
      seq,
      'inbound',
      'contact',
      contactId,
      contactId,
      JSON.stringify(content),
      content.text,
      'received',
      null,
      1,
      null,
      remoteId,
      '[]',
      clientId,
      // What is named by its own id has no other key, as in the product.
      remoteId === id ? null : `${id}${conversationId.slice(-17)}`,
      1,
      null,
      conversationId,
      sent,
    ]);
    conversations.set(conversationId, [
      conversationId,
      data.channel,
      accountId,
      contactId,
      contactId,
      data.remoteConversationId,
      `${conversationId}${contactId.slice(-17)}`,
      'open',
      null,
      null,
      null,
      1,
      'normal',
      '[]',
      seq,
      id,
      sent,
      remoteId,
      0,
      seq,
      sent,
      null,
      null,
      conversationId,
      sent,
      null,
      dbNow,
      dbNow,
    ]);
    const fact = {
      id: factId(),
      type: 'message.created',
      v: 1,
      key: conversationId,
      occurredAt: at,
      traceparent: null,
      data: {
        message: {
          id,
          conversationId,
          seq,
          direction: 'inbound',
          author: { type: 'contact', id: contactId, name: contactId },
          content,
          state: 'received',
          error: null,
          remoteId,
          remoteIds: [],
          clientId,
          recalledAt: null,
          createdAt: data.sentAt,
        },
        accountId,
        public: true,
        access: { assigneeId: null, teamId: null, accountId },
      },
    };
    facts.push({ id: fact.id, key: conversationId, value: JSON.stringify(fact) });
  }
  return { messages, conversations: [...conversations.values()], facts };
}

/** As both databases store times. */
export const dbTime = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 23)}`;

let made = 0;
const PREFIX = randomBytes(8).toString('hex').toUpperCase();

/** 26 letters that are nobody else's. */
const factId = (): string => `${PREFIX}${String(++made).padStart(10, '0')}`;
