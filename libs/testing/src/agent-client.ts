import type { Agent, Conversation, Message } from '@huiliu/contracts';
import { FrameSocket, socketUrl } from './frame-socket';
import { call, expectStatus, type Answer, type Call } from './http';

interface Page<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
}

/** Someone who answers, by public surfaces only. */
export class AgentClient {
  private counter = 0;

  constructor(
    readonly baseUrl: string,
    readonly token: string,
    readonly me: Agent,
  ) {}

  static async login(baseUrl: string, username: string, password: string): Promise<AgentClient> {
    const login = await call<{ token: string }>(baseUrl, 'POST', '/api/v1/auth/login', {
      json: { username, password },
    });
    const { token } = expectStatus(login, 200, 201);
    const me = expectStatus(await call<Agent>(baseUrl, 'GET', '/api/v1/agents/me', { token }), 200);
    return new AgentClient(baseUrl, token, me);
  }

  /** A request under `/api/v1`; answers whatever the server said. */
  call<T = unknown>(method: string, path: string, options: Call = {}): Promise<Answer<T>> {
    return call<T>(this.baseUrl, method, `/api/v1${path}`, { token: this.token, ...options });
  }

  async get<T>(path: string): Promise<T> {
    return expectStatus(await this.call<T>('GET', path), 200);
  }

  async post<T>(path: string, json: unknown = {}): Promise<T> {
    return expectStatus(await this.call<T>('POST', path, { json }), 200, 201);
  }

  async put<T>(path: string, json: unknown): Promise<T> {
    return expectStatus(await this.call<T>('PUT', path, { json }), 200);
  }

  async setPresence(status: Agent['presence']['status'], reason?: string): Promise<void> {
    await this.put('/agents/me/presence', { status, ...(reason === undefined ? {} : { reason }) });
  }

  conversation(id: string): Promise<Conversation> {
    return this.get<Conversation>(`/conversations/${id}`);
  }

  /** All conversations of a list, page by page. */
  conversations(query = ''): Promise<Conversation[]> {
    return this.all<Conversation>('/conversations', query);
  }

  /** All messages of a conversation, ascending. */
  async messages(conversationId: string): Promise<Message[]> {
    const all: Message[] = [];
    for (let before = ''; ;) {
      const page = await this.get<Page<Message>>(`/conversations/${conversationId}/messages?limit=100${before}`);
      all.unshift(...page.items);
      const first = page.items[0];
      if (first === undefined || page.nextCursor === null || first.seq === 1) return all;
      before = `&before=${first.seq}`;
    }
  }

  reply(conversationId: string, text: string, clientId = this.newClientId()): Promise<Answer<Message>> {
    return this.call<Message>('POST', `/conversations/${conversationId}/messages`, {
      json: { clientId, content: { kind: 'text', text } },
    });
  }

  async ticket(): Promise<string> {
    return (await this.post<{ ticket: string }>('/ws-ticket')).ticket;
  }

  async connect(headers?: Record<string, string>): Promise<FrameSocket> {
    return FrameSocket.open(socketUrl(this.baseUrl, `/ws?ticket=${encodeURIComponent(await this.ticket())}`), headers);
  }

  newClientId(): string {
    this.counter += 1;
    return `a-${this.me.id.slice(-8)}-${this.counter}`;
  }

  private async all<T>(path: string, query: string): Promise<T[]> {
    const items: T[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const search = [query, cursor === '' ? '' : `cursor=${encodeURIComponent(cursor)}`]
        .filter((part) => part !== '')
        .join('&');
      const page: Page<T> = await this.get<Page<T>>(`${path}${search === '' ? '' : `?${search}`}`);
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    return items;
  }
}
