import type { Account, Conversation, Message } from '@huiliu/contracts';
import { AgentClient, call, eventually, type System, uniqueName } from '@huiliu/testing';

/** How a push ended, as the sandbox tells it. */
export interface Delivery {
  readonly id: string;
  readonly taken: boolean;
  readonly tries: number;
  readonly status: number | null;
}

export interface Shown {
  readonly customer: string;
  readonly kind: string;
  readonly text: string;
  readonly mediaUrl: string | null;
}

/** One channel of a running system, from both ends: the platform that the sandbox plays, and what agents see. */
export class Channel {
  private constructor(
    readonly system: System,
    readonly admin: AgentClient,
    readonly name: string,
    readonly account: Account,
  ) {}

  /** A new account that is registered at the platform and set up here, as a person would do it. */
  static async open(
    system: System,
    admin: AgentClient,
    name: string,
    over: Record<string, unknown> = {},
  ): Promise<Channel> {
    const registered = await call<{ config: Record<string, unknown> }>(
      system.baseUrl,
      'POST',
      `/sandbox/api/platforms/${name}/registrations`,
    );
    const config = Object.fromEntries(
      Object.entries({ ...registered.body.config, ...over }).filter(([, value]) => value !== null),
    );
    const account = await admin.post<Account>('/accounts', { channel: name, name: uniqueName(name), config });
    const channel = new Channel(system, admin, name, account);
    await channel.ready();
    return channel;
  }

  /** Both ends know the account. */
  async ready(): Promise<void> {
    await eventually(
      'the sandbox plays the account',
      async () => (await this.sandbox('GET', 'sent')).status === 200,
      30_000,
    );
    await eventually(
      'the connector serves the account',
      async () => (await this.sandbox<{ ok: boolean }>('POST', 'handshake')).body.ok,
      30_000,
    );
  }

  sandbox<T = unknown>(method: string, path: string, json?: unknown) {
    const address = `/sandbox/api/platforms/${this.name}/${this.account.id}/${path}`;
    return call<T>(this.system.baseUrl, method, address, {
      ...(json === undefined ? {} : { json }),
      timeoutMs: 60_000,
    });
  }

  async say(said: Record<string, unknown>): Promise<Delivery[]> {
    return (await this.sandbox<Delivery[]>('POST', 'say', { kind: 'text', ...said })).body;
  }

  async happen(happened: Record<string, unknown>): Promise<Delivery[]> {
    return (await this.sandbox<Delivery[]>('POST', 'event', happened)).body;
  }

  async fault(fault: string, more: Record<string, unknown> = {}): Promise<void> {
    await this.sandbox('POST', 'faults', { fault, ...more });
  }

  async set(settings: Record<string, unknown>): Promise<void> {
    const answer = await this.sandbox('PUT', 'settings', settings);
    if (answer.status !== 200) throw new Error(`not a setting: ${answer.text}`);
  }

  /** What the customer has got, in order. */
  async got(customer: string): Promise<Shown[]> {
    return (await this.sandbox<{ items: Shown[] }>('GET', `sent?customer=${customer}`)).body.items;
  }

  conversations(): Promise<Conversation[]> {
    return this.admin.conversations(`accountId=${this.account.id}`);
  }

  /** The conversation in which something with this text stands; waits for it. */
  async conversationWith(text: string): Promise<Conversation> {
    return eventually(
      `a conversation with ${text}`,
      async () => {
        for (const conversation of await this.conversations())
          if ((await this.admin.messages(conversation.id)).some((message) => message.content.text === text))
            return conversation;
        return undefined;
      },
      30_000,
    );
  }

  /** A customer who has written once, and whose window is open. */
  async customer(name: string): Promise<{ name: string; conversation: Conversation }> {
    const text = uniqueName('hello');
    await this.say({ customer: name, text });
    return { name, conversation: await this.conversationWith(text) };
  }

  messages(conversation: Conversation): Promise<Message[]> {
    return this.admin.messages(conversation.id);
  }

  async send(conversation: Conversation, content: Record<string, unknown>) {
    return this.admin.call<Message & { error?: { code: string } }>(
      'POST',
      `/conversations/${conversation.id}/messages`,
      {
        json: { clientId: uniqueName('c'), content },
      },
    );
  }

  /** An answer's last state; waits until it is none of those on the way. */
  async ended(conversation: Conversation, id: string): Promise<Message> {
    return eventually(
      'the answer has ended',
      async () =>
        (await this.messages(conversation)).find((message) => message.id === id && message.state !== 'queued'),
      60_000,
    );
  }

  async upload(name: string, mime: string, bytes: Uint8Array): Promise<{ id: string }> {
    const form = new FormData();
    form.append('file', new Blob([bytes], { type: mime }), name);
    return (await this.admin.call<{ id: string }>('POST', '/attachments', { raw: form })).body;
  }
}
