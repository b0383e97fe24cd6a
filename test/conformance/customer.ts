import type { Account, Conversation, Message } from '@huiliu/contracts';
import { AgentClient, call, eventually, type System, uniqueName } from '@huiliu/testing';
import type { Delivery, PlatformWorld, Shown, Side } from './sides/side';

/** One channel of a running system, from both ends: the platform, played, and what agents see. */
export class Channel {
  private constructor(
    readonly system: System,
    readonly admin: AgentClient,
    readonly account: Account,
    readonly side: Side,
  ) {}

  /** A new account that is registered at the platform and set up here, as a person would do it; `over` changes its config (null: left out). */
  static async open(
    system: System,
    admin: AgentClient,
    channel: string,
    world: PlatformWorld,
    over: Record<string, unknown> = {},
  ): Promise<Channel> {
    const registered = await world.register(system);
    const config = Object.fromEntries(Object.entries({ ...registered, ...over }).filter(([, value]) => value !== null));
    const account = await admin.post<Account>('/accounts', { channel, name: uniqueName(channel), config });
    const opened = new Channel(system, admin, account, world.side(system, account, admin));
    await opened.ready();
    return opened;
  }

  /** Both ends know the account. */
  ready(): Promise<void> {
    return this.side.ready();
  }

  say(said: Record<string, unknown> & { readonly customer: string }): Promise<Delivery[]> {
    return this.side.say({ kind: 'text', ...said });
  }

  happen(happened: Record<string, unknown> & { readonly customer: string }): Promise<Delivery[]> {
    return this.side.happen(happened);
  }

  fault(fault: string, more: Record<string, unknown> = {}): Promise<void> {
    return this.side.fault(fault, more);
  }

  set(settings: Record<string, unknown>): Promise<void> {
    return this.side.set(settings);
  }

  /** What the customer has got, in order. */
  got(customer: string): Promise<Shown[]> {
    return this.side.got(customer);
  }

  /** What the sandbox's own API has of the account beside, for plans whose platform can do more than others. */
  sandbox<T = unknown>(method: string, path: string, json?: unknown) {
    const address = `/sandbox/api/platforms/${this.account.channel}/${this.account.id}/${path}`;
    return call<T>(this.system.baseUrl, method, address, {
      ...(json === undefined ? {} : { json }),
      timeoutMs: 60_000,
    });
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

  /** Waits until something with this text stands in the conversation; answers all of it. */
  async holds(conversation: Conversation, text: string): Promise<Message[]> {
    return eventually(
      `${text} is there`,
      async () => {
        const messages = await this.messages(conversation);
        return messages.some(({ content }) => content.text === text) && messages;
      },
      30_000,
    );
  }

  async upload(name: string, mime: string, bytes: Uint8Array): Promise<{ id: string }> {
    const form = new FormData();
    form.append('file', new Blob([bytes], { type: mime }), name);
    return (await this.admin.call<{ id: string }>('POST', '/attachments', { raw: form })).body;
  }
}
