import { randomBytes } from 'node:crypto';

interface Token {
  readonly value: string;
  readonly expiresAtMs: number;
}

/** `gettoken`: the same token until it ends; whoever asks too often is refused for a while. */
export class Tokens {
  lifetimeMs = 7200_000;
  /** A token that was revoked is followed by a new one no sooner than this. */
  pauseMs = 0;
  askedAMinute = 600;
  private current: Token | null = null;
  private issuedAtMs = -Infinity;
  private asked: number[] = [];
  private readonly ended = new Map<string, 'revoked' | 'expired'>();

  issue(nowMs: number): { token: string; expiresIn: number } | { refused: number } {
    this.asked = [...this.asked.filter((at) => nowMs - at < 60_000), nowMs];
    if (this.asked.length > this.askedAMinute) return { refused: 45009 };
    this.expire(nowMs);
    if (this.current === null) {
      if (nowMs - this.issuedAtMs < this.pauseMs) return { refused: 45009 };
      this.current = { value: randomBytes(96).toString('base64url'), expiresAtMs: nowMs + this.lifetimeMs };
      this.issuedAtMs = nowMs;
    }
    const { value, expiresAtMs } = this.current;
    return { token: value, expiresIn: Math.floor((expiresAtMs - nowMs) / 1000) };
  }

  revoke(): void {
    if (this.current !== null) this.ended.set(this.current.value, 'revoked');
    this.current = null;
  }

  knows(value: string): boolean {
    return this.ended.has(value) || this.current?.value === value;
  }

  /** 0, or the code that the call is refused with. */
  judge(value: string | null, nowMs: number): number {
    if (value === null || value === '') return 41001;
    this.expire(nowMs);
    if (this.current?.value === value) return 0;
    return this.ended.get(value) === 'expired' ? 42001 : 40014;
  }

  private expire(nowMs: number): void {
    if (this.current === null || this.current.expiresAtMs > nowMs) return;
    this.ended.set(this.current.value, 'expired');
    this.current = null;
  }
}
