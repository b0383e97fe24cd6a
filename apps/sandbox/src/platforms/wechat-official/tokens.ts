import { randomBytes } from 'node:crypto';

const RENEW_BEFORE_MS = 300_000;
const FORCE_PAUSE_MS = 30_000;
const FORCES_A_DAY = 20;

interface Token {
  readonly value: string;
  readonly expiresAtMs: number;
}

/**
 * `stable_token`: the same token until five minutes before its end, then the old and the new beside each other for five minutes; a forced
 * one ends its predecessors at once, 30 s apart and 20 a day at most.
 */
export class Tokens {
  lifetimeMs = 7200_000;
  forcePauseMs = FORCE_PAUSE_MS;
  private tokens: Token[] = [];
  private forced: number[] = [];
  private readonly ended = new Set<string>();

  issue(force: boolean, nowMs: number): { token: string; expiresIn: number } | { refused: number } {
    if (force) {
      const today = this.forced.filter((at) => nowMs - at < 24 * 3600_000);
      if (today.length >= FORCES_A_DAY) return { refused: 45009 };
      if (today.some((at) => nowMs - at < this.forcePauseMs)) return { refused: 45011 };
      this.forced = [...today, nowMs];
      this.revoke();
    }
    const last = this.tokens.at(-1);
    const renewBeforeMs = Math.min(RENEW_BEFORE_MS, this.lifetimeMs / 2);
    if (last !== undefined && last.expiresAtMs - nowMs > renewBeforeMs)
      return { token: last.value, expiresIn: Math.floor((last.expiresAtMs - nowMs) / 1000) };
    const token = { value: `SB_${randomBytes(384).toString('base64url')}`, expiresAtMs: nowMs + this.lifetimeMs };
    this.tokens = [...this.tokens.filter(({ expiresAtMs }) => expiresAtMs > nowMs - 600_000), token];
    return { token: token.value, expiresIn: Math.floor(this.lifetimeMs / 1000) };
  }

  /** Every token so far is not the latest any more. */
  revoke(): void {
    for (const { value } of this.tokens) this.ended.add(value);
    this.tokens = [];
  }

  knows(value: string): boolean {
    return this.ended.has(value) || this.tokens.some((token) => token.value === value);
  }

  /** 0, or the code that the call is refused with. */
  judge(value: string | null, nowMs: number): number {
    if (value === null || value === '') return 41001;
    const token = this.tokens.find((one) => one.value === value);
    if (token === undefined) return 40001;
    return token.expiresAtMs <= nowMs ? 42001 : 0;
  }
}
