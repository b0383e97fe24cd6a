import type { Pending, VisitorMessage } from './types';

/**
 * The conversation as the widget knows it: what the server has (by id, the latest version wins) and what is on its way there (by
 * clientId). Frames, pages of history and answers may come in any order, and twice.
 */
export class Thread {
  private readonly messages = new Map<string, VisitorMessage>();
  private readonly pendings = new Map<string, Pending>();

  /** Takes messages in; answers those seen for the first time. */
  merge(incoming: readonly VisitorMessage[]): VisitorMessage[] {
    const fresh: VisitorMessage[] = [];
    for (const message of incoming) {
      if (message.direction === 'note') continue;
      const known = this.messages.get(message.id);
      if (known === undefined) fresh.push(message);
      if (known === undefined || !(known.recalledAt && !message.recalledAt)) this.messages.set(message.id, message);
      if (message.direction === 'inbound' && message.clientId !== null) this.pendings.delete(message.clientId);
    }
    return fresh;
  }

  /** All messages, in the conversation's order. */
  list(): VisitorMessage[] {
    return [...this.messages.values()].sort((a, b) => a.seq - b.seq);
  }

  lastSeq(): number {
    let last = 0;
    for (const message of this.messages.values()) last = Math.max(last, message.seq);
    return last;
  }

  add(pending: Pending): void {
    this.pendings.set(pending.clientId, pending);
  }

  update(clientId: string, change: Partial<Pending>): void {
    const pending = this.pendings.get(clientId);
    if (pending !== undefined) this.pendings.set(clientId, { ...pending, ...change });
  }

  pending(): Pending[] {
    return [...this.pendings.values()];
  }

  /** The next one to post: in the order they were written; a failed one waits for the visitor and holds nothing. */
  next(): Pending | undefined {
    return this.pending().find((pending) => pending.state === 'sending');
  }
}
