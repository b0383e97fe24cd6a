import { Drafts, type DraftStore } from './drafts';

class MapStore implements DraftStore {
  readonly map = new Map<string, string>();
  full = false;
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
    if (this.full) throw new Error('QuotaExceededError');
    this.map.set(key, value);
  }
  removeItem(key: string): void {
    this.map.delete(key);
  }
}

describe('Drafts', () => {
  it('keeps one per conversation, kind and agent, over a reload', () => {
    const store = new MapStore();
    new Drafts(store, 'lin').write('c1', '可以的，');
    new Drafts(store, 'lin').write('c1', '内部', 'note');
    const reloaded = new Drafts(store, 'lin');
    expect(reloaded.read('c1')).toBe('可以的，');
    expect(reloaded.read('c1', 'note')).toBe('内部');
    expect(reloaded.read('c2')).toBe('');
    expect(new Drafts(store, 'wang').read('c1')).toBe('');
  });

  it('forgets an empty draft and survives a damaged one', () => {
    const store = new MapStore();
    const drafts = new Drafts(store, 'lin');
    drafts.write('c1', 'x');
    drafts.write('c1', '');
    expect(store.length).toBe(0);
    store.setItem('huiliu.draft.lin.c1.reply', '{"text":5}');
    expect(drafts.read('c1')).toBe('');
  });

  it('drops the oldest beyond 200 and leaves other keys alone', () => {
    const store = new MapStore();
    store.setItem('other', '1');
    let now = 0;
    const drafts = new Drafts(store, 'lin', () => ++now);
    for (let i = 0; i < 205; i++) drafts.write(`c${i}`, 'x');
    expect(store.length).toBe(201);
    expect(drafts.read('c0')).toBe('');
    expect(drafts.read('c204')).toBe('x');
    expect(store.getItem('other')).toBe('1');
  });

  it('does not fail when the store is full', () => {
    const store = new MapStore();
    store.full = true;
    expect(() => new Drafts(store, 'lin').write('c1', 'x')).not.toThrow();
  });
});
