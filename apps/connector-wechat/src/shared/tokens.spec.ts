import { FakeClock } from '@huiliu/testing';
import { type IssuedToken, Tokens } from './tokens';

/** One after the other. */
function turn(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}

describe('the access token', () => {
  const clock = new FakeClock();
  const issuer = (issued: (force: boolean) => IssuedToken) => {
    const asked: boolean[] = [];
    const tokens = new Tokens(
      (force) => {
        asked.push(force);
        return Promise.resolve(issued(force));
      },
      turn(),
      clock,
    );
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
    expect(asked).toEqual([false, false, false, true]);
  });

  it('is forced by one process when several are refused at once', async () => {
    let current = 'old';
    const asked: boolean[] = [];
    const alone = turn();
    const processes = [1, 2, 3].map(
      () =>
        new Tokens(
          (force) => {
            asked.push(force);
            if (force) current = 'new';
            return Promise.resolve({ token: current, expiresInMs: 7200_000 });
          },
          alone,
          clock,
        ),
    );
    const all = () => Promise.all(processes.map((tokens) => tokens.get()));
    expect(await all()).toEqual(['old', 'old', 'old']);
    for (const tokens of processes) tokens.discredit('old');
    expect(await all()).toEqual(['new', 'new', 'new']);
    expect(asked.filter((force) => force)).toHaveLength(1);
  });
});
