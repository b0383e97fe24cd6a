import type {
  Account,
  Agent,
  Attachment,
  ChannelDefinition,
  Conversation,
  ConversationStatus,
  Decision,
  MailReplyTarget,
  Message,
  Offer,
  Presence,
  Priority,
  Servicer,
  Team,
  WritableContent,
} from '@huiliu/contracts';
import { call } from './http';

/** What every list answers. */
export interface Page<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
}

export interface ConversationQuery {
  readonly status?: ConversationStatus;
  readonly assignee?: string;
  readonly contactId?: string;
  readonly q?: string;
  readonly cursor?: string;
  readonly limit?: number;
}

/** Messages asked for at a time. */
export const MESSAGE_PAGE = 50;

const at = (id: string): string => `/conversations/${encodeURIComponent(id)}`;

export const auth = {
  login: (username: string, password: string) =>
    call<{ token: string }>('/auth/login', { method: 'POST', body: { username, password }, anonymous: true }),
  logout: () => call<void>('/auth/logout', { method: 'POST', body: {} }),
  socketTicket: () => call<{ ticket: string }>('/ws-ticket', { method: 'POST', body: {} }),
};

export const conversations = {
  list: (query: ConversationQuery, signal?: AbortSignal) =>
    call<Page<Conversation>>('/conversations', { query: { limit: 100, ...query }, signal }),
  get: (id: string, signal?: AbortSignal) => call<Conversation>(at(id), { signal }),
  update: (id: string, change: { tags?: string[]; priority?: Priority }) =>
    call<Conversation>(at(id), { method: 'PATCH', body: change }),
  mailReply: (id: string, signal?: AbortSignal) => call<MailReplyTarget>(`${at(id)}/mail-reply`, { signal }),
  decisions: (id: string, signal?: AbortSignal) => call<Page<Decision>>(`${at(id)}/decisions`, { signal }),
  read: (id: string, seq: number) => call<Conversation>(`${at(id)}/read`, { method: 'POST', body: { seq } }),
  assign: (id: string, agentId: string) =>
    call<Conversation>(`${at(id)}/assign`, { method: 'POST', body: { agentId } }),
  transfer: (id: string, to: { agentId?: string; teamId?: string; note?: string }) =>
    call<Conversation>(`${at(id)}/transfer`, { method: 'POST', body: to }),
  servicers: (id: string, signal?: AbortSignal) => call<Page<Servicer>>(`${at(id)}/servicers`, { signal }),
  handOver: (id: string, body: { servicerId: string; note?: string }) =>
    call<Conversation>(`${at(id)}/handover`, { method: 'POST', body }),
  resolve: (id: string, body: { category?: string; note?: string } = {}) =>
    call<Conversation>(`${at(id)}/resolve`, { method: 'POST', body }),
  reopen: (id: string) => call<Conversation>(`${at(id)}/reopen`, { method: 'POST', body: {} }),
  snooze: (id: string, until: string) => call<Conversation>(`${at(id)}/snooze`, { method: 'POST', body: { until } }),
};

export const messages = {
  list: (id: string, before: number | undefined, signal?: AbortSignal) =>
    call<Page<Message>>(`${at(id)}/messages`, { query: { before, limit: MESSAGE_PAGE }, signal }),
  post: (id: string, body: { clientId: string; content: WritableContent; direction?: 'note' }) =>
    call<Message>(`${at(id)}/messages`, { method: 'POST', body }),
  retry: (id: string, messageId: string, force: boolean) =>
    call<unknown>(`${at(id)}/messages/${messageId}/retry`, { method: 'POST', body: force ? { force } : {} }),
  confirm: (id: string, messageId: string) =>
    call<unknown>(`${at(id)}/messages/${messageId}/confirm`, { method: 'POST', body: {} }),
  /** Where our server gives out a picture of another site that a mail names. */
  remoteImage: (messageId: string, url: string) =>
    `/api/v1/messages/${messageId}/remote-image?${new URLSearchParams({ url }).toString()}`,
  recall: (id: string, messageId: string) =>
    call<unknown>(`${at(id)}/messages/${messageId}/recall`, { method: 'POST', body: {} }),
};

export interface AgentInput {
  readonly username?: string;
  readonly name?: string;
  readonly password?: string;
  readonly role?: Agent['role'];
  readonly capacity?: number;
  readonly disabled?: boolean;
}

export const agents = {
  me: (signal?: AbortSignal) => call<Agent>('/agents/me', { signal }),
  list: (signal?: AbortSignal) => call<Page<Agent>>('/agents', { signal }),
  create: (body: AgentInput) => call<Agent>('/agents', { method: 'POST', body }),
  update: (id: string, body: AgentInput) => call<Agent>(`/agents/${id}`, { method: 'PUT', body }),
  presence: (status: Presence, reason?: string) =>
    call<unknown>('/agents/me/presence', { method: 'PUT', body: reason ? { status, reason } : { status } }),
  password: (currentPassword: string, newPassword: string) =>
    call<unknown>('/agents/me/password', { method: 'PUT', body: { currentPassword, newPassword } }),
};

export interface TeamInput {
  readonly name: string;
  readonly agentIds: string[];
  readonly accountIds: string[];
  readonly acceptSeconds: number | null;
  readonly ownOnly: boolean;
}

export const teams = {
  list: (signal?: AbortSignal) => call<Page<Team>>('/teams', { signal }),
  create: (body: TeamInput) => call<Team>('/teams', { method: 'POST', body }),
  update: (id: string, body: TeamInput) => call<Team>(`/teams/${id}`, { method: 'PUT', body }),
};

export interface AccountInput {
  readonly name: string;
  readonly config: Record<string, unknown>;
}

export const accounts = {
  list: (signal?: AbortSignal) => call<Page<Account>>('/accounts', { signal }),
  channels: (signal?: AbortSignal) => call<Page<ChannelDefinition>>('/channels', { signal }),
  create: (body: AccountInput & { channel: string }) => call<Account>('/accounts', { method: 'POST', body }),
  update: (id: string, body: AccountInput) => call<Account>(`/accounts/${id}`, { method: 'PUT', body }),
  remove: (id: string) => call<unknown>(`/accounts/${id}`, { method: 'DELETE' }),
  check: (id: string) => call<unknown>(`/accounts/${id}/check`, { method: 'POST', body: {} }),
};

export const offers = {
  answer: (id: string, answer: 'accept' | 'decline') =>
    call<Offer | Conversation>(`/offers/${id}/${answer}`, { method: 'POST', body: {} }),
};

export const attachments = {
  upload: (file: File, signal?: AbortSignal) => {
    const form = new FormData();
    form.append('file', file, file.name);
    return call<Attachment>('/attachments', { method: 'POST', form, signal });
  },
  ticket: (id: string) =>
    call<{ url: string; expiresAt: string }>(`/attachments/${id}/ticket`, { method: 'POST', body: {} }),
};
