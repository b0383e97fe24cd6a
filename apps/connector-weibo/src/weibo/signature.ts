import { sameText, sortedSha1 } from '@huiliu/wire';

/** What the query of every call of the platform carries. */
export interface Stamp {
  readonly timestamp: string;
  readonly nonce: string;
}

/** `signature` of the handshake and of pushes: over the app's secret and the stamp. It covers no body. */
export function holds(appSecret: string, { timestamp, nonce }: Stamp, signature: string): boolean {
  return sameText(signature, sortedSha1(appSecret, timestamp, nonce));
}

/** The stamp's time. The platform's published sample is in milliseconds; seconds are understood as well. */
export function timeOf(timestamp: string): number {
  const value = Number(timestamp);
  return value < 100_000_000_000 ? value * 1000 : value;
}
