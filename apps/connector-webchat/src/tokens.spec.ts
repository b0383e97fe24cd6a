import fc from 'fast-check';
import { createHmac, randomBytes } from 'node:crypto';
import { newId } from '@huiliu/platform';
import { markOf, MAX_TOKEN, mintToken, openToken, type Visitor, visitorOf } from './tokens';

const key = randomBytes(32);
const NOW = Date.parse('2026-11-23T12:00:00Z');
const accountId = newId();
const visitor: Visitor = { accountId, visitorId: newId(), conversationId: newId(), identity: null };
const identity = fc.record({
  id: fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }),
  name: fc.option(fc.string({ maxLength: 60, unit: 'grapheme' })),
});
function readToken(token: string, account: string, by: string | null, nowMs: number, keys: Buffer[]): Visitor | null {
  const claims = openToken(token, keys);
  return claims === null ? null : visitorOf(claims, account, by, nowMs);
}
const read = (token: string, by: string | null = null): Visitor | null => readToken(token, accountId, by, NOW, [key]);
const mint = (who: Visitor = visitor, by: string | null = null): string => mintToken(who, by, NOW, key) as string;

describe('visitor tokens', () => {
  it('say whom they speak for', () => {
    expect(read(mint())).toEqual(visitor);
    const by = markOf('a secret of the site', key);
    fc.assert(
      fc.property(identity, (who) =>
        expect(read(mint({ ...visitor, identity: who }, by), by)).toEqual({ ...visitor, identity: who }),
      ),
    );
  });

  it('every change, cut and addition is noticed', () => {
    const token = mint();
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, letter) => {
        fc.pre(token[at] !== letter);
        expect(read(token.slice(0, at) + letter + token.slice(at + 1))).toBeNull();
      }),
      { numRuns: 500 },
    );
    for (let end = 0; end < token.length; end++) expect(read(token.slice(0, end))).toBeNull();
    expect(read(`${token}.x`)).toBeNull();
    expect(read(`${token} `)).toBeNull();
    // The last letter of base64 has spare bits: the same bytes, another text.
    for (const letter of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
      if (!token.endsWith(letter)) expect(read(token.slice(0, -1) + letter)).toBeNull();
    fc.assert(fc.property(fc.string(), (anything) => expect(read(anything)).toBeNull()));
  });

  it('hold for one account, under one key, for a time', () => {
    const token = mint();
    expect(readToken(token, newId(), null, NOW, [key])).toBeNull();
    expect(readToken(token, accountId, null, NOW, [randomBytes(32)])).toBeNull();
    expect(readToken(token, accountId, null, NOW, [randomBytes(32), key])).toEqual(visitor);
    expect(readToken(token, accountId, null, NOW + 401 * 24 * 3600_000, [key])).toBeNull();
  });

  it('of an identity end with the secret that vouched for it', () => {
    const by = markOf('first secret', key);
    const token = mint({ ...visitor, identity: { id: 'u1', name: null } }, by);
    expect(read(token, by)).not.toBeNull();
    expect(read(token, markOf('second secret', key))).toBeNull();
    expect(read(token, null)).toBeNull();
  });

  it('are not made of something else that the key signed', () => {
    const payload = Buffer.from(JSON.stringify({ v: 1, ...visitor })).toString('base64url');
    expect(read(`${payload}.${createHmac('sha256', key).update(payload).digest('base64url')}`)).toBeNull();
  });

  it('stay short enough to be handed back', () => {
    const by = markOf('secret', key);
    expect(
      mint({ ...visitor, identity: { id: '客'.repeat(255), name: '名'.repeat(255) } }, by).length,
    ).toBeLessThanOrEqual(MAX_TOKEN);
    expect(mintToken({ ...visitor, identity: { id: '\u0001'.repeat(255), name: null } }, by, NOW, key)).toBeNull();
  });
});
