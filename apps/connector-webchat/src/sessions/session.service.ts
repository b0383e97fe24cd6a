import { Inject, Injectable } from '@nestjs/common';
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { z } from 'zod';
import type { VisitorSession, VisitorSessionRequest } from '@huiliu/contracts';
import { badRequest, forbidden } from '@huiliu/platform';
import { anonymousIds, identityIds } from '../ids';
import type { Visitor } from '../tokens';
import { VisitorTokens } from '../visitor-tokens';
import type { WebchatAccount } from '../visitor/accounts';

type Request = z.infer<typeof VisitorSessionRequest>;

/** Whether the website vouches for an identity: lower-case hex HMAC-SHA256 of its id under the account's secret. */
export function vouchedFor(id: string, hash: string, secret: string | undefined): boolean {
  if (secret === undefined) return false;
  const expected = Buffer.from(createHmac('sha256', secret).update(id, 'utf8').digest('hex'));
  const given = Buffer.from(hash);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** Who a visitor is. */
@Injectable()
export class SessionService {
  constructor(@Inject(VisitorTokens) private readonly tokens: VisitorTokens) {}

  /**
   * An identity counts only with its proof and is the same visitor everywhere; what was written anonymously before stays apart. A token that
   * holds is the same visitor again; one that does not is as good as none. `fresh`: nobody was known before.
   */
  open(account: WebchatAccount, request: Request): { session: VisitorSession; fresh: boolean } {
    if (request.identity != null) {
      const { id, name, hash } = request.identity;
      if (!vouchedFor(id, hash, account.config.identitySecret)) throw forbidden('the identity is not vouched for');
      return {
        session: this.sessionOf(account, {
          accountId: account.id,
          ...identityIds(account.id, id),
          identity: { id, name: name ?? null },
        }),
        fresh: false,
      };
    }
    const known = request.token == null ? null : this.tokens.read(account, request.token);
    const visitor = known ?? { accountId: account.id, ...anonymousIds(), identity: null };
    return { session: this.sessionOf(account, visitor), fresh: known === null };
  }

  private sessionOf(account: WebchatAccount, visitor: Visitor): VisitorSession {
    const token = this.tokens.mint(account, visitor);
    if (token === null)
      throw badRequest('invalid', 'the identity is too long', [{ path: 'identity.id', message: 'too long' }]);
    return { token, visitorId: visitor.visitorId, conversationId: visitor.conversationId };
  }
}
