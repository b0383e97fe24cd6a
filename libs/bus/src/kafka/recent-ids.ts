/** Remembers the latest ids: tells a record that is in the topic twice. */
export class RecentIds {
  private young = new Set<string>();
  private old = new Set<string>();

  constructor(private readonly size = 10_000) {}

  /** False when the id was added before, not long ago. */
  add(id: string): boolean {
    if (this.young.has(id) || this.old.has(id)) return false;
    this.young.add(id);
    if (this.young.size >= this.size) {
      this.old = this.young;
      this.young = new Set();
    }
    return true;
  }
}
