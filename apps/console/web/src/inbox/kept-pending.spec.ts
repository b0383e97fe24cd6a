import type { DraftStore } from '../composer/drafts';
import { KeptPending } from './kept-pending';
import type { Pending } from './send-queue';

const NOW = Date.parse('2026-11-23T12:00:00.000Z');

class MapStore implements DraftStore {
  readonly map = new Map<string, string>();
  get length(): number {
    return this.map.size;
  }
  key(index: number): string | null {
    return [...this.map.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.map.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.map.set(key, value);
  }
  removeItem(key: string): void {
    this.map.delete(key);
  }
}

const pending = (clientId: string, over: Partial<Pending> = {}): Pending => ({
  clientId,
  conversationId: 'c1',
  direction: 'outbound',
  content: { kind: 'text', text: clientId },
  label: null,
  createdAt: new Date(NOW - 1000).toISOString(),
  state: 'sending',
  error: null,
  repeatable: false,
  ...over,
});
const kept = (store: DraftStore) => new KeptPending(store, () => NOW);

describe('KeptPending', () => {
  it('brings back what was on its way, the oldest first, to its writer only', () => {
    const store = new MapStore();
    const page = kept(store);
    page.own('lin', 'left');
    const first = pending('2', { createdAt: new Date(NOW - 2000).toISOString() });
    page.save([pending('1'), first, pending('3')]);
    page.save([pending('1'), first]);
    expect(kept(store).own('chen', 'left')).toEqual([]);
    expect(kept(store).own('lin', 'left')).toEqual([first, pending('1')]);
  });

  it('does not send unasked what was left behind long ago', () => {
    const store = new MapStore();
    const page = kept(store);
    page.own('lin', 'left');
    page.save([pending('1', { createdAt: new Date(NOW - 3_600_000).toISOString() })]);
    expect(kept(store).own('lin', 'left')).toMatchObject([{ state: 'failed', error: 'left', repeatable: true }]);
  });

  it('leaves what another page keeps, and what is there when one signs out', () => {
    const store = new MapStore();
    const [one, two] = [kept(store), kept(store)];
    one.own('lin', 'left');
    two.own('lin', 'left');
    one.save([pending('1')]);
    two.save([pending('2')]);
    two.save([]);
    one.release();
    one.save([]);
    expect(
      kept(store)
        .own('lin', 'left')
        .map((item) => item.clientId),
    ).toEqual(['1']);
  });

  it('survives damaged entries', () => {
    const store = new MapStore();
    store.setItem('huiliu.outbox.lin.1', '{');
    store.setItem('huiliu.outbox.lin.2', '{"clientId":"2"}');
    expect(kept(store).own('lin', 'left')).toEqual([]);
  });
});
