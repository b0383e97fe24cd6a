import { loadConfig, newId, SecretBox } from '@huiliu/platform';
import { Clock } from '@huiliu/storage';
import type { WebchatAccount } from './visitor/accounts';
import { VisitorTokens } from './visitor-tokens';

const YEAR_MS = 366 * 24 * 3600_000;

class SetClock extends Clock {
  constructor(private ms: number) {
    super();
  }
  override now(): Date {
    return new Date(this.ms);
  }
  pass(ms: number): void {
    this.ms += ms;
  }
}

function setUp() {
  const clock = new SetClock(Date.parse('2026-11-23T12:00:00Z'));
  const box = new SecretBox(loadConfig({ PORT: '0', HUILIU_MASTER_KEY: Buffer.alloc(32, 1).toString('base64') }));
  const account = (identitySecret?: string, id = newId()): WebchatAccount => ({
    id,
    name: 'shop',
    config: { allowedOrigins: [], ...(identitySecret === undefined ? {} : { identitySecret }) },
  });
  const tokens = new VisitorTokens(box, clock);
  const visitor = (of: WebchatAccount, identity: { id: string; name: null } | null = null) => ({
    accountId: of.id,
    visitorId: newId(),
    conversationId: newId(),
    identity,
  });
  return { clock, account, tokens, visitor };
}

describe('a token that was found signed before', () => {
  it('still speaks for its visitor', () => {
    const { account, tokens, visitor } = setUp();
    const shop = account();
    const who = visitor(shop);
    const token = tokens.mint(shop, who) as string;
    expect([tokens.read(shop, token), tokens.read(shop, token)]).toEqual([who, who]);
  });

  it('speaks for nobody on another account', () => {
    const { account, tokens, visitor } = setUp();
    const shop = account();
    const token = tokens.mint(shop, visitor(shop)) as string;
    expect(tokens.read(shop, token)).not.toBeNull();
    expect(tokens.read(account(), token)).toBeNull();
  });

  it('ends with the secret that vouched for it', () => {
    const { account, tokens, visitor } = setUp();
    const before = account('the first secret');
    const token = tokens.mint(before, visitor(before, { id: 'u1', name: null })) as string;
    expect(tokens.read(before, token)).not.toBeNull();
    expect(tokens.read(account('the second secret', before.id), token)).toBeNull();
    expect(tokens.read(account(undefined, before.id), token)).toBeNull();
  });

  it('ends when its time is over', () => {
    const { clock, account, tokens, visitor } = setUp();
    const shop = account();
    const token = tokens.mint(shop, visitor(shop)) as string;
    clock.pass(YEAR_MS);
    expect(tokens.read(shop, token)).not.toBeNull();
    clock.pass(YEAR_MS);
    expect(tokens.read(shop, token)).toBeNull();
  });
});
