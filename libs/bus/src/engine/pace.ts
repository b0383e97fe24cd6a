/**
 * Keeps the beginnings of a work apart: what costs the same for one as for many (a transaction, a Produce) is begun at most so often, and what
 * comes meanwhile goes along. Who comes after a quiet time waits for nothing.
 */
export class Pace {
  private lastMs = -Infinity;

  /** How long the next beginning has to wait to be `apartMs` behind the last one, ms; 0: it may be now. */
  waitMs(apartMs: number): number {
    return Math.max(0, this.lastMs + apartMs - performance.now());
  }

  /** It begins now. */
  begin(): void {
    this.lastMs = performance.now();
  }
}
