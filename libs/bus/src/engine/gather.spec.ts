import type { Tx } from '@huiliu/storage';
import { anEnvelope } from '@huiliu/testing';
import type { Delivery, EventBatch } from '../bus';
import { Gather } from './gather';

const NO_TX = {} as Tx;

/** A batch of so many records; `claim` notes it. */
function batchOf(name: string, count: number, claimed: string[] = []): EventBatch {
  const deliveries = Array.from({ length: count }, (_, n): Delivery => ({
    topic: 't',
    partition: 0,
    offset: `${name}${n}`,
    envelope: anEnvelope('thing', name, {}),
  }));
  return {
    deliveries,
    claim: () => {
      claimed.push(name);
      return Promise.resolve(deliveries);
    },
  };
}

const offsets = (batch: EventBatch): string => batch.deliveries.map(({ offset }) => offset).join(' ');

/** A handler whose calls end when the test says so. */
class Handler {
  readonly calls: { batch: EventBatch; end: (error?: Error) => void }[] = [];

  readonly handle = (batch: EventBatch): Promise<void> =>
    new Promise((resolve, reject) => {
      this.calls.push({ batch, end: (error) => (error === undefined ? resolve() : reject(error)) });
    });

  async ended(nth: number, error?: Error): Promise<void> {
    this.calls[nth]!.end(error);
    await new Promise((turn) => setImmediate(turn));
  }
}

describe('batches that wait together', () => {
  const down = new Error('the database is away');
  let handler: Handler;
  let gather: Gather;
  let outcomes: string[];
  const put = (name: string, count: number, claimed?: string[]): void => {
    void gather.handle(batchOf(name, count, claimed)).then(
      () => outcomes.push(`${name} done`),
      (error: Error) => outcomes.push(`${name}: ${error.message}`),
    );
  };

  beforeEach(() => {
    handler = new Handler();
    gather = new Gather(handler.handle, 5, (error) => error === down);
    outcomes = [];
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    // Two are being handled, the second a whole batch: what comes now waits.
    put('a', 1);
    put('b', 5);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('go as one call, up to what a batch may hold, and are claimed each', async () => {
    const claimed: string[] = [];
    for (const name of ['c', 'd', 'e']) put(name, 2, claimed);
    expect(handler.calls.map(({ batch }) => offsets(batch))).toEqual(['a0', 'b0 b1 b2 b3 b4']);
    await handler.ended(0);
    expect(offsets(handler.calls[2]!.batch)).toBe('c0 c1 d0 d1');
    expect((await handler.calls[2]!.batch.claim(NO_TX)).map(({ offset }) => offset)).toEqual(['c0', 'c1', 'd0', 'd1']);
    expect(claimed).toEqual(['c', 'd']);
    await handler.ended(1);
    await handler.ended(2);
    jest.advanceTimersByTime(10);
    expect(offsets(handler.calls[3]!.batch)).toBe('e0 e1');
    await handler.ended(3);
    expect(outcomes).toEqual(['a done', 'b done', 'c done', 'd done', 'e done']);
  });

  it('wait for the call that runs while they are no whole batch, but not for one that takes long', async () => {
    await handler.ended(1);
    put('c', 4);
    expect(handler.calls).toHaveLength(2);
    put('d', 1);
    expect(offsets(handler.calls[2]!.batch)).toBe('c0 c1 c2 c3 d0');
    await handler.ended(0);
    put('e', 1);
    jest.advanceTimersByTime(199);
    expect(handler.calls).toHaveLength(3);
    jest.advanceTimersByTime(1);
    expect(offsets(handler.calls[3]!.batch)).toBe('e0');
  });

  it('begin at most every 10 ms unless they are a whole batch; who comes later than that begins at once', async () => {
    await handler.ended(0);
    await handler.ended(1);
    put('c', 1);
    jest.advanceTimersByTime(9);
    put('d', 1);
    expect(handler.calls).toHaveLength(2);
    jest.advanceTimersByTime(1);
    expect(offsets(handler.calls[2]!.batch)).toBe('c0 d0');
    await handler.ended(2);
    put('e', 5);
    expect(offsets(handler.calls[3]!.batch)).toBe('e0 e1 e2 e3 e4');
    await handler.ended(3);
    jest.advanceTimersByTime(10);
    put('f', 1);
    expect(offsets(handler.calls[4]!.batch)).toBe('f0');
  });

  it('are handled each alone when that fails, and only who fails hears of it', async () => {
    for (const name of ['c', 'd', 'e']) put(name, 1);
    await handler.ended(0);
    await handler.ended(1);
    jest.advanceTimersByTime(10);
    await handler.ended(2, new Error('poison'));
    expect(offsets(handler.calls[3]!.batch)).toBe('c0');
    await handler.ended(3);
    await handler.ended(4, new Error('poison'));
    await handler.ended(5);
    expect(outcomes).toEqual(['a done', 'b done', 'c done', 'd: poison', 'e done']);
  });

  it('all hear of it when the database is in trouble', async () => {
    put('c', 1);
    put('d', 1);
    await handler.ended(0);
    await handler.ended(1);
    jest.advanceTimersByTime(10);
    await handler.ended(2, down);
    expect(outcomes).toEqual(['a done', 'b done', 'c: the database is away', 'd: the database is away']);
    expect(handler.calls).toHaveLength(3);
  });
});
