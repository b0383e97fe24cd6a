import type { AccountStatus, Signal } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { eventually } from '@huiliu/testing';
import type { AccountCheck } from '../contract/runtime';
import { ToyApp } from '../testing/toy-app';
import { toyPlatform } from '../testing/toy-connector';

jest.setTimeout(30_000);

const WELL: AccountCheck = { ok: true, error: null };

describe('an account that somebody asks after', () => {
  let app: ToyApp;
  const heard: Signal[] = [];
  let checks = 0;
  let answer: () => Promise<AccountCheck>;
  const platform = toyPlatform();
  platform.check = () => (checks++, answer());
  beforeAll(async () => {
    app = await ToyApp.start({ platform });
    app.bus.onSignal((signal) => heard.push(signal as Signal));
  });
  afterAll(() => app.stop());
  beforeEach(() => {
    checks = 0;
    answer = () => Promise.resolve(WELL);
  });

  const ask = (accountId = app.accountId, revision = 1): string => {
    const checkId = newId();
    app.bus.signal({ type: 'account.check', accountId, revision, checkId } satisfies Signal);
    return checkId;
  };
  const isHeard = (checkId: string): boolean =>
    heard.some((signal) => signal.type === 'account.checking' && signal.checkId === checkId);
  const outcome = (checkId: string): Promise<AccountStatus> =>
    eventually('the outcome is told', () =>
      app.channels
        .flatMap((event) => (event.type === 'account.status' ? [event.data] : []))
        .find((status) => status.checks.includes(checkId)),
    );

  it('is tried, and told as it is found, whether that is new or not', async () => {
    for (const _again of [1, 2]) {
      const id = ask();
      expect(await outcome(id)).toMatchObject({ accountId: app.accountId, state: 'ok', error: null, checks: [id] });
      expect(isHeard(id)).toBe(true);
    }
    answer = () => Promise.resolve({ ok: false, error: '密钥不对 wrong secret' });
    expect(await outcome(ask())).toMatchObject({ state: 'error', error: '密钥不对 wrong secret' });
    answer = () => Promise.reject(new Error('the platform broke off'));
    expect(await outcome(ask())).toMatchObject({ state: 'error', error: 'the platform broke off' });
    answer = () => Promise.resolve(WELL);
    expect(await outcome(ask())).toMatchObject({ state: 'ok', error: null });
    expect(checks).toBe(5);
  });

  it('is looked at by its reader at once when it turns out well', async () => {
    const before = platform.pulledFrom.length;
    await outcome(ask());
    await eventually('pulled', () => platform.pulledFrom.length > before);
  });

  it('is tried once for all who ask meanwhile', async () => {
    let end: (check: AccountCheck) => void = () => undefined;
    answer = () => new Promise((resolve) => (end = resolve));
    const ids = [ask(), ask(), ask()];
    await eventually('all are heard', () => ids.every(isHeard));
    end(WELL);
    for (const id of ids) await outcome(id);
    expect(checks).toBe(1);
  });

  it('is said not to answer when the platform takes too long', async () => {
    answer = () => new Promise(() => undefined);
    const id = ask();
    await eventually('heard', () => isHeard(id));
    const status = await eventually(
      'the outcome is told',
      () =>
        app.channels
          .flatMap((event) => (event.type === 'account.status' ? [event.data] : []))
          .find(({ checks: told }) => told.includes(id)),
      20_000,
    );
    expect(status.error).toMatch(/没有应答.*No answer within/s);
    expect(status.state).toBe('degraded');
  });

  it('is tried with the configuration that was asked for, not the one before', async () => {
    const accountId = newId();
    const id = ask(accountId, 1);
    await app.configure({ shop: 's', secret: 'another secret' }, accountId);
    expect(await outcome(id)).toMatchObject({ accountId, state: 'ok' });
  });

  it('of a configuration that is not valid says so', async () => {
    const accountId = await app.configure({ shop: '', secret: 'long enough' }, newId());
    expect(await outcome(ask(accountId))).toMatchObject({
      state: 'error',
      error: expect.stringContaining('shop') as string,
    });
    expect(checks).toBe(0);
  });

  it('of a connector that cannot try it is told as it is', async () => {
    const plain = await ToyApp.start();
    const id = newId();
    const { accountId } = plain;
    plain.bus.signal({ type: 'account.check', accountId, revision: 1, checkId: id } satisfies Signal);
    const status = await eventually('told', () =>
      plain.channels.find((event) => event.type === 'account.status' && event.data.checks.includes(id)),
    );
    expect(status.data).toMatchObject({ state: 'ok', error: null });
    await plain.stop();
  });

  it('is left to others by a process that does not know it', async () => {
    const id = ask(newId(), 0);
    await outcome(ask());
    expect(isHeard(id)).toBe(false);
  });
});
