/**
 * Remembers the latest ids: tells a record that is in the topic twice. A table of numbers beside a ring of the ids: a set of them takes some
 * microseconds for each, for it looks at the strings that share a place in it, wherever they lie in memory.
 */
export class RecentIds {
  private readonly ids: string[];
  private readonly hashes: Int32Array;
  /** By hash, the number of the last id that was added; the numbers of ids begin with 1. */
  private readonly last: Float64Array;
  /** Of an id, the number of the one before it that has the same place in `last`. */
  private readonly before: Float64Array;
  private count = 0;

  constructor(private readonly size = 16_384) {
    this.ids = new Array<string>(size).fill('');
    this.hashes = new Int32Array(size);
    this.before = new Float64Array(size);
    this.last = new Float64Array(2 ** Math.ceil(Math.log2(size)));
  }

  /** False when the id is among the `size` that were added last. */
  add(id: string): boolean {
    const { ids, hashes, last, before, size } = this;
    const hash = hashOf(id);
    const place = hash & (last.length - 1);
    const oldest = Math.max(1, this.count - size + 1);
    for (let n = last[place]!; n >= oldest; n = before[n % size]!)
      if (hashes[n % size] === hash && ids[n % size] === id) return false;
    const at = ++this.count % size;
    ids[at] = id;
    hashes[at] = hash;
    before[at] = last[place]!;
    last[place] = this.count;
    return true;
  }
}

/** FNV-1a over the end of an id, which is by chance. */
function hashOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = Math.max(0, id.length - 12); i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  // The lowest bits choose the place, and hang on the last letters alone.
  return hash ^ (hash >>> 15);
}
