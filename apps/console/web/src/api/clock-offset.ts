/** Milliseconds by which the server's clock may be ahead of ours, as a closed range. */
interface Bounds {
  readonly low: number;
  readonly high: number;
}

/**
 * Learns how far the server's clock is from ours from the `Date` headers of answers. A header names a whole second, so each answer
 * gives a range of about a second plus the round trip; ranges of several answers are intersected, which narrows it to some
 * hundred milliseconds. Ranges that do not meet mean that a clock was set: the newest answer then stands alone.
 */
export class ClockOffset {
  private bounds: Bounds | null = null;

  /** An answer sent for at `sentAt`, received at `receivedAt` (our milliseconds), carrying this `Date` header. */
  observe(dateHeader: string | null, sentAt: number, receivedAt: number): void {
    const second = dateHeader === null ? Number.NaN : Date.parse(dateHeader);
    if (!Number.isFinite(second) || receivedAt < sentAt) return;
    const seen: Bounds = { low: second - receivedAt, high: second + 999 - sentAt };
    const old = this.bounds;
    const met = old && { low: Math.max(old.low, seen.low), high: Math.min(old.high, seen.high) };
    this.bounds = met && met.low <= met.high ? met : seen;
  }

  /** The server's time for one of ours; ours while nothing is known. */
  serverTime(now: number): number {
    return this.bounds ? now + Math.round((this.bounds.low + this.bounds.high) / 2) : now;
  }
}
