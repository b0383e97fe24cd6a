import type { DraftStore } from '../composer/drafts';
import type { Pending } from './send-queue';

const PREFIX = 'huiliu.outbox.';
/** What was left behind longer ago is not sent unasked: by then it may be out of place. */
export const FRESH_MS = 10 * 60_000;

/**
 * Keeps what is on its way over a reload, one entry per message, so that pages open at the same time do not undo each other. Sent
 * again under its clientId it is the same message, whether or not the server had it already.
 */
export class KeptPending {
  private owner: string | null = null;
  private saved = new Map<string, string>();

  constructor(
    private readonly store: DraftStore,
    private readonly now: () => number = Date.now,
  ) {}

  /** From now on keeps this person's; answers what was left behind, the oldest first. */
  own(owner: string, leftBehind: string): Pending[] {
    this.owner = owner;
    this.saved = new Map();
    const prefix = this.keyOf('');
    const items: Pending[] = [];
    for (let i = 0; i < this.store.length; i++) {
      const key = this.store.key(i);
      const item = key?.startsWith(prefix) ? this.read(key) : null;
      if (item) items.push(item);
    }
    items.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
    return items.map((item) =>
      item.state === 'sending' && this.now() - Date.parse(item.createdAt) > FRESH_MS
        ? { ...item, state: 'failed', error: leftBehind, repeatable: true }
        : item,
    );
  }

  /** Keeps what is there for its owner's return, and nothing more. */
  release(): void {
    this.owner = null;
    this.saved = new Map();
  }

  save(items: readonly Pending[]): void {
    if (this.owner === null) return;
    const next = new Map(items.map((item) => [item.clientId, JSON.stringify(item)]));
    try {
      for (const [clientId, text] of next)
        if (this.saved.get(clientId) !== text) this.store.setItem(this.keyOf(clientId), text);
      for (const clientId of this.saved.keys()) if (!next.has(clientId)) this.store.removeItem(this.keyOf(clientId));
    } catch {
      // The store is full or closed: it is sent all the same, only not after a reload.
    }
    this.saved = next;
  }

  private keyOf(clientId: string): string {
    return `${PREFIX}${this.owner}.${clientId}`;
  }

  private read(key: string): Pending | null {
    try {
      const item = JSON.parse(this.store.getItem(key) ?? 'null') as Partial<Pending> | null;
      const whole =
        typeof item?.clientId === 'string' &&
        typeof item.conversationId === 'string' &&
        typeof item.createdAt === 'string' &&
        typeof item.content?.text === 'string' &&
        (item.state === 'sending' || item.state === 'failed') &&
        (item.direction === 'outbound' || item.direction === 'note');
      return whole ? (item as Pending) : null;
    } catch {
      return null;
    }
  }
}
