import { VisitorSession, type VisitorMessage } from '@huiliu/contracts';
import { FrameSocket, socketUrl } from './frame-socket';
import { call, expectStatus, type Answer } from './http';

export interface VisitorPosted {
  readonly id: string;
  readonly clientId: string;
  readonly acceptedAt: string;
}

/** A website visitor, by public surfaces only. */
export class VisitorClient {
  private counter = 0;

  constructor(
    readonly baseUrl: string,
    readonly accountId: string,
    readonly session: VisitorSession,
  ) {}

  static async open(baseUrl: string, accountId: string, request: unknown = {}): Promise<VisitorClient> {
    const answer = await call(baseUrl, 'POST', `/webchat/${accountId}/session`, { json: request });
    return new VisitorClient(baseUrl, accountId, VisitorSession.parse(expectStatus(answer, 200, 201)));
  }

  get conversationId(): string {
    return this.session.conversationId;
  }

  get token(): string {
    return this.session.token;
  }

  /** Posts a text; answers whatever the server said. */
  post(text: string, clientId = this.newClientId()): Promise<Answer<VisitorPosted>> {
    const json = { clientId, content: { kind: 'text', text } };
    return call<VisitorPosted>(this.baseUrl, 'POST', `/webchat/${this.accountId}/messages`, {
      token: this.token,
      json,
    });
  }

  /** Posts a text that must be accepted. */
  async say(text: string, clientId?: string): Promise<VisitorPosted> {
    return expectStatus(await this.post(text, clientId), 202);
  }

  /** All messages that this visitor may see, page by page. */
  async messages(): Promise<VisitorMessage[]> {
    const all: VisitorMessage[] = [];
    for (let after = 0; ;) {
      const path = `/webchat/${this.accountId}/messages?after=${after}`;
      const page = expectStatus(
        await call<{ items: VisitorMessage[]; nextCursor: string | null }>(this.baseUrl, 'GET', path, {
          token: this.token,
        }),
        200,
      );
      all.push(...page.items);
      const last = page.items.at(-1);
      if (page.nextCursor === null || last === undefined) return all;
      after = last.seq;
    }
  }

  connect(headers?: Record<string, string>): Promise<FrameSocket> {
    return FrameSocket.open(
      socketUrl(this.baseUrl, `/webchat/${this.accountId}/ws?token=${encodeURIComponent(this.token)}`),
      headers,
    );
  }

  newClientId(): string {
    this.counter += 1;
    return `v-${this.session.visitorId.slice(-8)}-${this.counter}`;
  }
}
