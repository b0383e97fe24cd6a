import { FakeClock } from '@huiliu/testing';
import { type IssuedToken, Tokens } from './tokens';

describe('the access token', () => {
  const clock = new FakeClock();
  const issuer = (issued: (force: boolean) => IssuedToken) => {
    const asked: boolean[] = [];
    const tokens = new Tokens((force) => {
      asked.push(force);
      return Promise.resolve(issued(force));
    }, clock);
    return { asked, tokens };
  };

  it('is asked for once by whoever needs it together, and again before it ends', async () => {
    let n = 0;
    const { asked, tokens } = issuer(() => ({ token: `t${++n}`, expiresInMs: 7200_000 }));
    expect(await Promise.all([tokens.get(), tokens.get()])).toEqual(['t1', 't1']);
    clock.advance(6_900_000);
    expect(await tokens.get()).toBe('t1');
    clock.advance(100_000);
    expect(await tokens.get()).toBe('t2');
    expect(asked).toEqual([false, false]);
  });

  it('is forced only when the platform still gives the one that it refused', async () => {
    let current = 'old';
    const { asked, tokens } = issuer((force) => ({
      token: force ? (current = 'new') : current,
      expiresInMs: 7200_000,
    }));
    expect(await tokens.get()).toBe('old');
    tokens.discredit('old');
    expect(await Promise.all([tokens.get(), tokens.get()])).toEqual(['new', 'new']);
    tokens.discredit('old');
    expect(await tokens.get()).toBe('new');
    expect(asked).toEqual([false, false, true]);
  });
});
