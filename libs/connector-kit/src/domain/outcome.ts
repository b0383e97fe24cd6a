import type { SendError } from '@huiliu/contracts';
import { ConnectorError } from '../contract/errors';

/** A conversation's later sends wait at most so long for one that is tried again. */
export const HOLD_MS = 300_000;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;
/** So often is a keyed send repeated when its end is not known. */
const KEYED_REPEATS = 2;

export interface Attempts {
  /** How often this part has failed in a way that is tried again. */
  readonly tries: number;
  /** When this command was first tried. */
  readonly firstTriedAtMs: number;
  /** The token has been refreshed for this command already. */
  readonly refreshed: boolean;
  /** The platform takes our key: a send whose end is not known may be repeated under it. */
  readonly keyed: boolean;
}

/** What follows from a send that did not succeed. */
export type AfterFailure =
  | { readonly next: 'again'; readonly atMs: number }
  | { readonly next: 'refresh' }
  | { readonly next: 'failed'; readonly error: SendError }
  | { readonly next: 'unknown'; readonly error: SendError };

export function errorOf(error: unknown): SendError {
  if (error instanceof ConnectorError)
    return { kind: error.kind, code: error.code.slice(0, 128), message: error.message.slice(0, 2000) };
  return {
    kind: 'outcome_unknown',
    code: 'unexpected',
    message: 'the connector broke off; whether the message went out is not known',
  };
}

/** The rules of a failed send: pure, so that each can be tested. `random` in [0, 1) spreads the next attempts. */
export function afterFailure(thrown: unknown, attempts: Attempts, nowMs: number, random: number): AfterFailure {
  const error = errorOf(thrown);
  const kind =
    error.kind === 'outcome_unknown' && attempts.keyed && attempts.tries < KEYED_REPEATS ? 'transient' : error.kind;
  switch (kind) {
    case 'transient':
    case 'rate_limited': {
      const asked = thrown instanceof ConnectorError ? thrown.retryAfterMs : null;
      const step = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempts.tries, 10));
      const atMs = nowMs + Math.max(asked ?? 0, Math.round(step * (0.75 + random / 2)));
      return atMs - attempts.firstTriedAtMs > HOLD_MS ? { next: 'failed', error } : { next: 'again', atMs };
    }
    case 'auth':
      return attempts.refreshed ? { next: 'failed', error } : { next: 'refresh' };
    case 'outcome_unknown':
      return { next: 'unknown', error };
    default:
      return { next: 'failed', error };
  }
}
