import type { Content, ContentKind, MailReply } from '@huiliu/contracts';

/** Whom something is sent to. */
export interface SendTarget {
  readonly conversationId: string;
  readonly remoteConversationId: string;
  readonly remoteContactId: string;
  /** The remote id of the customer's latest message. */
  readonly inReplyTo: string | null;
}

/** One piece of a message, small enough for the platform. */
export interface SendPart<K extends ContentKind = ContentKind> extends SendTarget {
  readonly messageId: string;
  /** Grows with each retry that a person asked for. */
  readonly attempt: number;
  readonly content: Extract<Content, { kind: K }>;
  readonly authorType: 'agent' | 'bot' | 'auto' | 'system';
  readonly authorName: string;
  /** Counts from 1. */
  readonly part: number;
  readonly parts: number;
  /** Our idempotency key: the message's id, or `<id>.<n>` of a split text. */
  readonly key: string;
  /** Of a conversation that is a mail thread. */
  readonly mail?: MailReply;
}

/** What the platform answered to a send it took. */
export interface SendResult {
  /** Its id for what was sent, verbatim; null where it gives none. */
  readonly remoteId: string | null;
}
