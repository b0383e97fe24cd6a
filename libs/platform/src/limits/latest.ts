interface Kept<K, V> {
  readonly key: K;
  readonly value: V;
  readonly bytes: number;
}

/** Beside what there is, so many places that nothing lies in any more are carried along before they are given back. */
const SPARE = 1_024;

/**
 * What came last, by key: each newcomer makes the oldest go, so that at most `most` values and `mostBytes` of them stay.
 *
 * The values lie in an array, the map says where. A map that much goes into and out of is written anew again and again, and each that is left
 * behind leads to the next one and holds what it held: once a single one of them has grown old, collections of young garbage keep them all, with
 * their values, until everything is collected.
 */
export class Latest<K, V> {
  /** By key, where its value lies. */
  private readonly places = new Map<K, number>();
  /** By age; what was taken out is undefined. */
  private kept: (Kept<K, V> | undefined)[] = [];
  /** Nothing lies before it. */
  private head = 0;
  private total = 0;

  constructor(
    private readonly most: number,
    private readonly mostBytes: number,
  ) {}

  get size(): number {
    return this.places.size;
  }

  get(key: K): V | undefined {
    const place = this.places.get(key);
    return place === undefined ? undefined : this.kept[place]!.value;
  }

  /** `bytes`: what the value is taken to hold. One that was there under the key is replaced. */
  add(key: K, value: V, bytes: number): void {
    this.delete(key);
    if (this.kept.length > 2 * this.size + SPARE) this.compact();
    this.places.set(key, this.kept.length);
    this.kept.push({ key, value, bytes });
    this.total += bytes;
    while (this.size > this.most || this.total > this.mostBytes) this.delete(this.oldest().key);
  }

  delete(key: K): void {
    const place = this.places.get(key);
    if (place === undefined) return;
    this.places.delete(key);
    this.total -= this.kept[place]!.bytes;
    this.kept[place] = undefined;
  }

  private oldest(): Kept<K, V> {
    while (this.kept[this.head] === undefined) this.head++;
    return this.kept[this.head]!;
  }

  private compact(): void {
    this.kept = this.kept.filter((each) => each !== undefined);
    this.head = 0;
    for (const [place, each] of this.kept.entries()) this.places.set(each!.key, place);
  }
}
