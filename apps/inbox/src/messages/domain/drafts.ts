import type { Content } from '@huiliu/contracts';
import { PLAIN_DRAFT, type MessageDraft } from './message';

interface Writer {
  readonly id: string;
  readonly name: string;
}

/** What an agent sends to the customer: on its way. */
export function answerDraft(id: string, by: Writer, content: Content, clientId: string, now: Date): MessageDraft {
  return {
    ...PLAIN_DRAFT,
    id,
    direction: 'outbound',
    author: { type: 'agent', id: by.id, name: by.name },
    content,
    state: 'queued',
    clientId,
    isPublic: true,
    createdAt: now.toISOString(),
  };
}

/** What an agent writes for colleagues alone. */
export function noteDraft(
  id: string,
  by: Writer,
  content: string | Content,
  now: Date,
  clientId: string | null = null,
): MessageDraft {
  return {
    ...PLAIN_DRAFT,
    id,
    direction: 'note',
    author: { type: 'agent', id: by.id, name: by.name },
    content: typeof content === 'string' ? { kind: 'text', text: content } : content,
    state: 'received',
    clientId,
    isPublic: false,
    createdAt: now.toISOString(),
  };
}

/** A line that the inbox itself writes for agents. */
export function systemDraft(id: string, text: string, now: Date): MessageDraft {
  return {
    ...PLAIN_DRAFT,
    id,
    direction: 'system',
    author: { type: 'system', id: null, name: '' },
    content: { kind: 'text', text },
    state: 'received',
    isPublic: false,
    createdAt: now.toISOString(),
  };
}
