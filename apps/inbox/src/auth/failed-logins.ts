import { Injectable } from '@nestjs/common';
import { Config, rateKeyOf, tooMany } from '@huiliu/platform';
import { Clock } from '@huiliu/storage';

const WINDOW_MS = 60_000;
const PER_NAME_AND_ADDRESS = 10;
const PER_NAME = 100;
const MAX_KEYS = 20_000;

/**
 * Failed logins of the last minute. An attempt counts before the password is looked at, so that attempts made at once cannot
 * pass the limit together, and is taken back when it succeeds.
 */
@Injectable()
export class FailedLogins {
  private readonly attempts = new Map<string, number[]>();

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** Counts an attempt; throws 429 at the limit. The answer takes it back. */
  begin(username: string, address: string): () => void {
    if (!this.config.rateLimits) return () => undefined;
    const now = this.clock.now().getTime();
    const name = username.toLowerCase();
    const limits: [string, number][] = [
      [`a:${name}:${rateKeyOf(address)}`, PER_NAME_AND_ADDRESS],
      [`n:${name}`, PER_NAME],
    ];
    for (const [key, limit] of limits) {
      const recent = this.recent(key, now);
      const first = recent[recent.length - limit];
      if (first !== undefined) throw tooMany(Math.max(1, Math.ceil((first + WINDOW_MS - now) / 1000)));
    }
    for (const [key] of limits) this.recent(key, now).push(now);
    return () => {
      for (const [key] of limits) this.remove(key, now);
    };
  }

  /** The attempts under a key that still count; the key becomes the most recently used. */
  private recent(key: string, now: number): number[] {
    const kept = (this.attempts.get(key) ?? []).filter((at) => at > now - WINDOW_MS);
    this.attempts.delete(key);
    this.attempts.set(key, kept);
    if (this.attempts.size > MAX_KEYS) this.attempts.delete(this.attempts.keys().next().value as string);
    return kept;
  }

  private remove(key: string, at: number): void {
    const list = this.attempts.get(key);
    const index = list?.indexOf(at) ?? -1;
    if (list && index >= 0) list.splice(index, 1);
  }
}
