import type { Author, Content, Direction, Message, MessageState, SendError, VisitorMessage } from '@huiliu/contracts';

/** A message as the inbox keeps it: what everyone may see and what only the inbox needs. */
export interface StoredMessage {
  id: string;
  conversationId: string;
  seq: number;
  direction: Direction;
  author: Author;
  content: Content;
  state: MessageState;
  error: SendError | null;
  /** Grows with each retry that a person asked for. */
  attempt: number;
  /** Of a split text: the first part that was not sent. */
  failedPart: number | null;
  remoteId: string | null;
  remoteIds: string[];
  clientId: string | null;
  /** Set where a platform named the message, by another name than its id. */
  dedupeKey: string | null;
  /** Whether the customer may see it. */
  isPublic: boolean;
  recalledAt: string | null;
  sessionId: string | null;
  createdAt: string;
}

/** A message before the conversation has given it its place. */
export type MessageDraft = Omit<StoredMessage, 'seq' | 'conversationId' | 'sessionId'>;

/** The parts of a draft that most messages leave as they are. */
export const PLAIN_DRAFT = {
  error: null,
  attempt: 1,
  failedPart: null,
  remoteId: null,
  remoteIds: [],
  clientId: null,
  dedupeKey: null,
  recalledAt: null,
} satisfies Partial<MessageDraft>;

/** Whether a platform calls a message by its id here: it has no other key then. */
export function isItsOwnName({ id, remoteId, dedupeKey }: StoredMessage): boolean {
  return dedupeKey === null && remoteId === id;
}

/** A message as agents see it. */
export function presentMessage(stored: StoredMessage): Message {
  return {
    id: stored.id,
    conversationId: stored.conversationId,
    seq: stored.seq,
    direction: stored.direction,
    author: stored.author,
    content: stored.content,
    state: stored.state,
    error: stored.error,
    remoteId: stored.remoteId,
    remoteIds: stored.remoteIds,
    clientId: stored.clientId,
    recalledAt: stored.recalledAt,
    createdAt: stored.createdAt,
  };
}

/** A message as its customer sees it: no ids of ours, nothing of how sending went wrong. */
export function presentToVisitor(stored: StoredMessage): VisitorMessage {
  return {
    id: stored.id,
    conversationId: stored.conversationId,
    seq: stored.seq,
    direction: stored.direction,
    author: { type: stored.author.type, name: stored.author.name },
    content: stored.content,
    state: stored.state,
    clientId: stored.clientId,
    recalledAt: stored.recalledAt,
    createdAt: stored.createdAt,
  };
}

/** What search looks through: of a mail the subject too. */
export function wordsOf(content: Content): string {
  return content.kind === 'email' ? `${content.subject}\n${content.text}` : content.text;
}

/** Text as search compares it: compatibility forms and capital letters made alike. */
export function searchable(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}
