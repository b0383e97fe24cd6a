import { Inject, Injectable } from '@nestjs/common';
import { Config } from '../config/config';

export interface Rate {
  readonly perMinute: number;
  /** How many at once; the bucket's size. */
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** So many keys are remembered in each bucket; the one unused for longest is forgotten first. */
const MOST_KEYS = 50_000;

/** Token buckets in this process's memory. `RATE_LIMITS=off` lets everything through. */
@Injectable()
export class RateLimits {
  private readonly buckets = new Map<string, Map<string, Bucket>>();
  private readonly on: boolean;

  constructor(@Inject(Config) config: Pick<Config, 'rateLimits'>) {
    this.on = config.rateLimits;
  }

  /** Takes one from `key`'s share of `bucket`: 0 when allowed, else how many seconds to wait. */
  take(bucket: string, key: string, rate: Rate): number {
    const wait = this.wait(bucket, key, rate);
    if (wait === 0 && this.on) this.entry(bucket, key, rate).tokens -= 1;
    return wait;
  }

  /** What `take` would answer, without taking: for limits that only failures spend. */
  wait(bucket: string, key: string, rate: Rate): number {
    if (!this.on) return 0;
    const { tokens } = this.entry(bucket, key, rate);
    return tokens >= 1 ? 0 : Math.max(1, Math.ceil(((1 - tokens) * 60) / rate.perMinute));
  }

  private entry(bucket: string, key: string, rate: Rate): Bucket {
    const now = performance.now();
    let keys = this.buckets.get(bucket);
    if (keys === undefined) this.buckets.set(bucket, (keys = new Map<string, Bucket>()));
    const found = keys.get(key);
    if (found !== undefined) {
      found.tokens = Math.min(rate.burst, found.tokens + ((now - found.at) * rate.perMinute) / 60_000);
      found.at = now;
      // Moved to the end: the Map's order is the order of last use.
      keys.delete(key);
      keys.set(key, found);
      return found;
    }
    if (keys.size >= MOST_KEYS) keys.delete(keys.keys().next().value!);
    const fresh = { tokens: rate.burst, at: now };
    keys.set(key, fresh);
    return fresh;
  }
}
