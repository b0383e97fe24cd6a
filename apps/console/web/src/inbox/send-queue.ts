import type { Message, WritableContent } from '@huiliu/contracts';

/** Something written here that the server has not shown yet. */
export interface Pending {
  readonly clientId: string;
  readonly conversationId: string;
  readonly direction: 'outbound' | 'note';
  readonly content: WritableContent;
  /** What the bubble shows of a file. */
  readonly label: string | null;
  readonly createdAt: string;
  readonly state: 'sending' | 'failed';
  /** In words, when `failed`. */
  readonly error: string | null;
  /** Whether the same may be posted again (a refusal would only be repeated). */
  readonly repeatable: boolean;
}

export interface SendQueueOptions {
  post(pending: Pending): Promise<Message>;
  /** Every change of what is pending. */
  onChange(pending: readonly Pending[]): void;
  /** The server has it. */
  onPosted(message: Message): void;
  /** `again`: nobody knows whether the server has it; posting the same clientId once more is safe. */
  judge(error: unknown): { readonly again: boolean; readonly words: string };
  wait?(ms: number): Promise<void>;
}

const RETRY_MS = [500, 2000, 5000];
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Posts what agents write: in order within a conversation, at the same time across conversations, each under its clientId, so that
 * posting again after a lost answer is the same message. The conversation is fixed when it is written: switching to another while it
 * is on its way changes nothing.
 */
export class SendQueue {
  private items: readonly Pending[] = [];
  private readonly lanes = new Map<string, Promise<void>>();

  constructor(private readonly options: SendQueueOptions) {}

  add(pending: Omit<Pending, 'state' | 'error' | 'repeatable'>): void {
    this.set([...this.items, { ...pending, state: 'sending', error: null, repeatable: false }]);
    this.enqueue(pending.clientId, pending.conversationId);
  }

  /** Takes up what an earlier page left: what was on its way is posted again, the rest waits to be decided on. */
  restore(items: readonly Pending[]): void {
    const fresh = items.filter((item) => !this.find(item.clientId));
    this.set([...this.items, ...fresh]);
    for (const item of fresh) if (item.state === 'sending') this.enqueue(item.clientId, item.conversationId);
  }

  /** Forgets everything, and posts nothing that has not left yet: another person signs in. */
  clear(): void {
    this.set([]);
  }

  retry(clientId: string): void {
    const pending = this.find(clientId);
    if (pending?.state !== 'failed' || !pending.repeatable) return;
    this.change(clientId, { state: 'sending', error: null });
    this.enqueue(clientId, pending.conversationId);
  }

  /** The server answers again: posts once more what only failed for want of an answer, unless it was written before `since`. */
  retryAll(since: string): void {
    for (const item of this.items) if (item.createdAt >= since) this.retry(item.clientId);
  }

  discard(clientId: string): void {
    this.set(this.items.filter((item) => item.clientId !== clientId));
  }

  /** Frames may show a message before its post is answered: its bubble gives way. */
  seen(clientIds: readonly string[]): void {
    const left = this.items.filter((item) => !clientIds.includes(item.clientId));
    if (left.length !== this.items.length) this.set(left);
  }

  private enqueue(clientId: string, conversationId: string): void {
    const before = this.lanes.get(conversationId) ?? Promise.resolve();
    const lane = before.then(() => this.post(clientId));
    this.lanes.set(conversationId, lane);
    void lane.then(() => {
      if (this.lanes.get(conversationId) === lane) this.lanes.delete(conversationId);
    });
  }

  private async post(clientId: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const pending = this.find(clientId);
      if (pending?.state !== 'sending') return;
      try {
        this.options.onPosted(await this.options.post(pending));
        return this.discard(clientId);
      } catch (error) {
        const { again, words } = this.options.judge(error);
        const delay = RETRY_MS[attempt];
        if (!again || delay === undefined)
          return this.change(clientId, { state: 'failed', error: words, repeatable: again });
        await (this.options.wait ?? pause)(delay);
      }
    }
  }

  private find(clientId: string): Pending | undefined {
    return this.items.find((item) => item.clientId === clientId);
  }

  private change(clientId: string, over: Partial<Pending>): void {
    this.set(this.items.map((item) => (item.clientId === clientId ? { ...item, ...over } : item)));
  }

  private set(items: readonly Pending[]): void {
    this.items = items;
    this.options.onChange(items);
  }
}
