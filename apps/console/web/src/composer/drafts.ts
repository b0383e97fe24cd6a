/** What keeps drafts: localStorage, or a map in specs. */
export interface DraftStore {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** The browser's store, or none that lasts where the browser keeps it closed. */
export function browserStore(): DraftStore {
  try {
    return localStorage;
  } catch {
    return { length: 0, key: () => null, getItem: () => null, setItem: () => undefined, removeItem: () => undefined };
  }
}

const PREFIX = 'huiliu.draft.';
const MOST = 200;

interface Stored {
  readonly text: string;
  readonly at: number;
}

/** Unsent text, one per agent and conversation, that survives a reload. Old ones make room for new ones. */
export class Drafts {
  constructor(
    private readonly store: DraftStore,
    private readonly owner: string,
    private readonly now: () => number = Date.now,
  ) {}

  read(conversationId: string, mode: 'reply' | 'note' = 'reply'): string {
    return this.parse(this.keyOf(conversationId, mode))?.text ?? '';
  }

  write(conversationId: string, text: string, mode: 'reply' | 'note' = 'reply'): void {
    const key = this.keyOf(conversationId, mode);
    try {
      if (text === '') return this.store.removeItem(key);
      this.store.setItem(key, JSON.stringify({ text, at: this.now() } satisfies Stored));
    } catch {
      // The store is full: the text is still in the field; older drafts make room for the next key stroke.
    }
    this.prune();
  }

  private keyOf(conversationId: string, mode: string): string {
    return `${PREFIX}${this.owner}.${conversationId}.${mode}`;
  }

  private parse(key: string): Stored | null {
    try {
      const stored = JSON.parse(this.store.getItem(key) ?? 'null') as Partial<Stored> | null;
      return stored && typeof stored.text === 'string' && typeof stored.at === 'number'
        ? { text: stored.text, at: stored.at }
        : null;
    } catch {
      return null;
    }
  }

  private prune(): void {
    const keys = Array.from({ length: this.store.length }, (_, i) => this.store.key(i)).filter(
      (key): key is string => key?.startsWith(PREFIX) ?? false,
    );
    if (keys.length <= MOST) return;
    const oldest = keys.map((key) => ({ key, at: this.parse(key)?.at ?? 0 })).sort((a, b) => a.at - b.at);
    for (const { key } of oldest.slice(0, keys.length - MOST)) this.store.removeItem(key);
  }
}
