import { createHash } from 'node:crypto';
import type { Person } from './posts';

const TWO_DAYS = 48 * 3600_000;

/** A person as the fans service sees them: until when, and how often, we may write. Source: open.weibo.com, Send_Customer_Service_Message. */
export class Fan implements Person {
  readonly uid: bigint;
  /** As often as we like, until then. */
  private untilMs = 0;
  /** One answer to a mention, until then. */
  private mentionUntilMs = 0;

  constructor(
    readonly customer: string,
    readonly name: string,
  ) {
    // Beyond 2^53: what keeps ids as numbers shows.
    const digest = createHash('sha256').update(customer).digest();
    this.uid = 9_007_199_254_740_993n + (digest.readBigUInt64BE() % 100_000_000_000_000n);
  }

  acted(nowMs: number): void {
    this.untilMs = nowMs + TWO_DAYS;
  }

  mentioned(nowMs: number): void {
    this.mentionUntilMs = nowMs + TWO_DAYS;
  }

  close(): void {
    this.untilMs = 0;
    this.mentionUntilMs = 0;
  }

  /** Takes one answer; 0 or 26403. */
  spend(nowMs: number): number {
    if (this.untilMs > nowMs) return 0;
    if (this.mentionUntilMs <= nowMs) return 26403;
    this.mentionUntilMs = 0;
    return 0;
  }
}
