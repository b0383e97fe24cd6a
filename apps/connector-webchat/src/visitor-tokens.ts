import { Inject, Injectable } from '@nestjs/common';
import { SecretBox } from '@huiliu/platform';
import { Clock } from '@huiliu/storage';
import { markOf, mintToken, readToken, type Visitor } from './tokens';
import type { WebchatAccount } from './visitor/accounts';

/** Visitors' tokens under this suite's key: neither the inbox nor a database is asked. */
@Injectable()
export class VisitorTokens {
  private readonly keys: readonly [Buffer, ...Buffer[]];

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
    return readToken(token, account.id, this.markFor(account), this.clock.now().getTime(), this.keys);
  }

  private markFor(account: WebchatAccount): string | null {
    const secret = account.config.identitySecret;
    return secret === undefined ? null : markOf(secret, this.keys[0]);
  }
}
