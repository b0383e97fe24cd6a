/** What came last, by key: each newcomer makes the oldest go, so that at most `most` values and `mostBytes` of them stay. */
export class Latest<K, V> {
  private readonly known = new Map<K, { readonly value: V; readonly bytes: number }>();
  private total = 0;

  constructor(
    private readonly most: number,
    private readonly mostBytes: number,
  ) {}

  get size(): number {
    return this.known.size;
  }

  get(key: K): V | undefined {
    return this.known.get(key)?.value;
  }

  /** `bytes`: what the value is taken to hold. One that was there under the key is replaced. */
  add(key: K, value: V, bytes: number): void {
    this.delete(key);
    this.known.set(key, { value, bytes });
    this.total += bytes;
    for (const oldest of this.known.keys()) {
      if (this.known.size <= this.most && this.total <= this.mostBytes) return;
      this.delete(oldest);
    }
  }

  delete(key: K): void {
    const gone = this.known.get(key);
    if (gone === undefined) return;
    this.known.delete(key);
    this.total -= gone.bytes;
  }
}
