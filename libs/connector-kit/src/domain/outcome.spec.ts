import { ConnectorError } from '../contract/errors';
import { afterFailure, HOLD_MS } from './outcome';

const fresh = { tries: 0, firstTriedAtMs: 1000, refreshed: false, keyed: false };
const failing = (kind: ConstructorParameters<typeof ConnectorError>[0], retryAfterMs?: number) =>
  new ConnectorError(kind, '1', 'no', retryAfterMs === undefined ? {} : { retryAfterMs });

describe('afterFailure', () => {
  it('backs off, honours what the platform asks, and gives up after five minutes', () => {
    expect(afterFailure(failing('transient'), fresh, 1000, 0.5)).toEqual({ next: 'again', atMs: 2000 });
    expect(afterFailure(failing('transient'), { ...fresh, tries: 3 }, 1000, 0.5)).toEqual({
      next: 'again',
      atMs: 9000,
    });
    expect(afterFailure(failing('transient'), { ...fresh, tries: 60 }, 1000, 0.5)).toEqual({
      next: 'again',
      atMs: 31_000,
    });
    expect(afterFailure(failing('rate_limited', 60_000), fresh, 1000, 0)).toEqual({ next: 'again', atMs: 61_000 });
    expect(afterFailure(failing('rate_limited', HOLD_MS + 1), fresh, 1000, 0)).toMatchObject({
      next: 'failed',
      error: { kind: 'rate_limited' },
    });
    expect(afterFailure(failing('transient'), fresh, 1000 + HOLD_MS, 0)).toMatchObject({ next: 'failed' });
  });

  it('refreshes a token once', () => {
    expect(afterFailure(failing('auth'), fresh, 1000, 0)).toEqual({ next: 'refresh' });
    expect(afterFailure(failing('auth'), { ...fresh, refreshed: true }, 1000, 0)).toMatchObject({
      next: 'failed',
      error: { kind: 'auth' },
    });
  });

  it('never repeats what may have gone out', () => {
    expect(afterFailure(failing('outcome_unknown'), fresh, 1000, 0)).toMatchObject({ next: 'unknown' });
    expect(afterFailure(failing('outcome_unknown'), { ...fresh, keyed: true, tries: 1 }, 1000, 0)).toMatchObject({
      next: 'again',
    });
    expect(afterFailure(failing('outcome_unknown'), { ...fresh, keyed: true, tries: 2 }, 1000, 0)).toMatchObject({
      next: 'unknown',
    });
    expect(afterFailure(new TypeError('cannot read null'), fresh, 1000, 0)).toMatchObject({
      next: 'unknown',
      error: { kind: 'outcome_unknown' },
    });
  });

  it.each(['window_closed', 'rejected', 'unsupported'] as const)('%s is final', (kind) => {
    expect(afterFailure(failing(kind), fresh, 1000, 0)).toMatchObject({ next: 'failed', error: { kind } });
  });
});
