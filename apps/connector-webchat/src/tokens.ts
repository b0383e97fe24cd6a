import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { Id } from '@huiliu/contracts';

/** Whom a token speaks for. */
export interface Visitor {
  readonly accountId: string;
  readonly visitorId: string;
  readonly conversationId: string;
  /** What the website calls this person; null for someone unknown. */
  readonly identity: { readonly id: string; readonly name: string | null } | null;
}

export const MAX_TOKEN = 2048;
const LIFE_S = 400 * 24 * 3600;

const Claims = z.strictObject({
  v: z.literal(1),
  accountId: Id,
  visitorId: Id,
  conversationId: Id,
  /** Seconds. */
  iat: z.number().int(),
  id: z.string().optional(),
  name: z.string().optional(),
  /** Of an identity: which secret vouched for it. A new secret ends the tokens of the old one. */
  by: z.string().optional(),
});

const sign = (payload: string, key: Buffer): string =>
  createHmac('sha256', key).update(`webchat.v1.${payload}`).digest('base64url');

/** Names an identity secret without telling anything about it. */
export function markOf(identitySecret: string, key: Buffer): string {
  return createHmac('sha256', key).update(`secret.${identitySecret}`).digest('base64url').slice(0, 11);
}

function write(claims: z.infer<typeof Claims>, key: Buffer): string {
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `${payload}.${sign(payload, key)}`;
}

/** A signed token. `by`: the mark of the secret that vouched for an identity. Null when the identity is too long for one. */
export function mintToken(visitor: Visitor, by: string | null, nowMs: number, key: Buffer): string | null {
  const { accountId, visitorId, conversationId, identity } = visitor;
  const ids = { v: 1 as const, accountId, visitorId, conversationId, iat: Math.floor(nowMs / 1000) };
  if (identity === null || by === null) return write(ids, key);
  const vouched = { ...ids, id: identity.id, by };
  if (identity.name !== null) {
    const named = write({ ...vouched, name: identity.name }, key);
    if (named.length <= MAX_TOKEN) return named;
  }
  const plain = write(vouched, key);
  return plain.length <= MAX_TOKEN ? plain : null;
}

/** What a token that one of the keys signed says. */
export type TokenClaims = z.infer<typeof Claims>;

/** What a token says; null unless one of the keys signed it. Whether it holds now is `visitorOf`'s to judge. */
export function openToken(token: string, keys: readonly Buffer[]): TokenClaims | null {
  if (token.length > MAX_TOKEN) return null;
  const [payload, signature, more] = token.split('.');
  if (payload === undefined || signature === undefined || more !== undefined) return null;
  const given = Buffer.from(signature);
  const signed = keys.map((key) => {
    const expected = Buffer.from(sign(payload, key));
    return expected.length === given.length && timingSafeEqual(expected, given);
  });
  if (!signed.includes(true)) return null;
  try {
    return Claims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
  } catch {
    return null;
  }
}

/** Whom a token's claims speak for on this account; null where they no longer hold. `by`: the mark of today's secret. */
export function visitorOf(claims: TokenClaims, accountId: string, by: string | null, nowMs: number): Visitor | null {
  if (claims.accountId !== accountId || nowMs / 1000 - claims.iat > LIFE_S) return null;
  if (claims.by !== undefined && claims.by !== by) return null;
  const { visitorId, conversationId, id, name } = claims;
  return { accountId, visitorId, conversationId, identity: id === undefined ? null : { id, name: name ?? null } };
}
