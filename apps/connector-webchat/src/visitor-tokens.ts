import { Inject, Injectable } from '@nestjs/common';
import { SecretBox } from '@huiliu/platform';
import { Clock } from '@huiliu/storage';
import { markOf, mintToken, openToken, type TokenClaims, type Visitor, visitorOf } from './tokens';
import type { WebchatConfig } from './definition';
import type { WebchatAccount } from './visitor/accounts';

/** So many tokens that were found signed are remembered; each visitor brings theirs with every message. */
const MOST_REMEMBERED = 10_000;

/** Visitors' tokens under this suite's key: neither the inbox nor a database is asked. */
@Injectable()
export class VisitorTokens {
  private readonly keys: readonly [Buffer, ...Buffer[]];
  /** Only what the signature covers: whether it still holds is judged each time. */
  private readonly opened = new Map<string, TokenClaims>();
  private readonly marks = new WeakMap<WebchatConfig, string>();

  constructor(
    @Inject(SecretBox) box: SecretBox,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    this.keys = box.deriveKeys('webchat.visitor-token') as [Buffer, ...Buffer[]];
  }

  mint(account: WebchatAccount, visitor: Visitor): string | null {
    return mintToken(visitor, this.markFor(account), this.clock.now().getTime(), this.keys[0]);
  }

  read(account: WebchatAccount, token: string): Visitor | null {
    const claims = this.open(token);
    return claims === null ? null : visitorOf(claims, account.id, this.markFor(account), this.clock.now().getTime());
  }

  private open(token: string): TokenClaims | null {
    const known = this.opened.get(token);
    if (known !== undefined) return known;
    const claims = openToken(token, this.keys);
    if (claims === null) return null;
    if (this.opened.size >= MOST_REMEMBERED) this.opened.delete(this.opened.keys().next().value as string);
    this.opened.set(token, claims);
    return claims;
  }

  private markFor(account: WebchatAccount): string | null {
    const { config } = account;
    if (config.identitySecret === undefined) return null;
    let mark = this.marks.get(config);
    if (mark === undefined) this.marks.set(config, (mark = markOf(config.identitySecret, this.keys[0])));
    return mark;
  }
}
