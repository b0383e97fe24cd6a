import { FakeClock } from '@huiliu/testing';
import type { Dialect } from '../database';
import { StaleLease } from '../leases';
import type { OpenStorage } from '../open';
import { idOf, makePlace, type Place } from './fixture';

/** Leases, and what was handled. */
export function leasesSuite(dialect: Dialect): void {
  describe(`leases and handled events on ${dialect}`, () => {
    const clock = new FakeClock();
    let place: Place;
    let storage: OpenStorage;
    beforeAll(async () => {
      place = await makePlace(dialect);
      storage = await place.open({ clock });
    });
    afterAll(() => place.remove());

    test('one owner at a time; the fence grows with every change', async () => {
      const { leases } = storage;
      const first = await leases.acquire('poll/1', 'a', 1000);
      expect(first).toEqual({ name: 'poll/1', owner: 'a', fence: 1 });
      expect(await leases.acquire('poll/1', 'b', 1000)).toBeNull();
      clock.advance(900);
      expect(await leases.acquire('poll/1', 'a', 1000)).toEqual(first);
      clock.advance(999);
      expect(await leases.acquire('poll/1', 'b', 1000)).toBeNull();
      clock.advance(1);
      expect(await leases.acquire('poll/1', 'b', 1000)).toEqual({ name: 'poll/1', owner: 'b', fence: 2 });
      expect(await leases.acquire('poll/1', 'a', 1000)).toBeNull();
    });

    test('a released lease is free at once, and its next owner has a higher fence', async () => {
      const { leases } = storage;
      const lease = await leases.acquire('poll/2', 'a', 60_000);
      await leases.release(lease!);
      expect((await leases.acquire('poll/2', 'a', 60_000))!.fence).toBe(2);
      // The old lease releases nothing any more.
      await leases.release(lease!);
      expect(await leases.acquire('poll/2', 'b', 60_000)).toBeNull();
    });

    test('of many that ask at once one gets it', async () => {
      const got = await Promise.all(
        Array.from({ length: 12 }, (_, i) => storage.leases.acquire('poll/3', `owner ${i}`, 1000)),
      );
      expect(got.filter((lease) => lease !== null)).toHaveLength(1);
    });

    test('many are renewed at once, those alone that are still held under the same fence', async () => {
      const { leases } = storage;
      const mine = await Promise.all(['a', 'b', 'c', 'd'].map((name) => leases.acquire(`many/${name}`, 'a', 1000)));
      const [kept, released, taken, returned] = mine.map((lease) => lease!);
      await leases.release(released!);
      clock.advance(1000);
      await leases.acquire(taken!.name, 'b', 60_000);
      await leases.acquire(returned!.name, 'b', 0);
      await leases.acquire(returned!.name, 'a', 1000);
      // What ran out and nobody took is kept.
      expect(await leases.renew([kept!, released!, taken!, returned!], 1000)).toEqual(new Set([kept!.name]));
      clock.advance(999);
      expect(await leases.acquire(kept!.name, 'b', 1000)).toBeNull();
      expect(await leases.acquire(released!.name, 'b', 1000)).not.toBeNull();
      expect(await leases.renew([], 1000)).toEqual(new Set());
    });

    test('what a stale owner writes is refused', async () => {
      const { leases, database } = storage;
      const stale = await leases.acquire('poll/4', 'a', 1000);
      const write = (lease: typeof stale): Promise<unknown> =>
        database.transaction(async (tx) => {
          await leases.assertHeld(tx, lease!);
          await tx.insertMany('sample_threads', ['id'], [[idOf('L', lease!.fence)]]);
        });
      clock.advance(1500);
      const next = await leases.acquire('poll/4', 'b', 1000);
      await expect(write(stale)).rejects.toBeInstanceOf(StaleLease);
      await write(next);
      const rows = await database.query<{ id: string }>('SELECT id FROM sample_threads');
      expect(rows.map((row) => row.id)).toEqual([idOf('L', 2)]);
    });

    test('claim answers each event once for each group', async () => {
      const { handled, database } = storage;
      const claim = (group: string, ids: string[]): Promise<Set<string>> =>
        database.transaction((tx) => handled.claim(tx, group, ids));
      const ids = Array.from({ length: 40 }, (_, i) => idOf('E', i));
      expect(await claim('inbox', [...ids.slice(0, 20), ids[3]!])).toEqual(new Set(ids.slice(0, 20)));
      expect(await claim('inbox', ids.slice(10, 40))).toEqual(new Set(ids.slice(20)));
      expect(await claim('inbox', ids)).toEqual(new Set());
      expect(await claim('routing', ids.slice(0, 2))).toEqual(new Set(ids.slice(0, 2)));
      expect(await claim('inbox', [])).toEqual(new Set());
    });

    test('what was claimed by a transaction that failed is new again', async () => {
      const { handled, database } = storage;
      const id = idOf('F', 1);
      await expect(
        database.transaction(async (tx) => {
          await handled.claim(tx, 'inbox', [id]);
          throw new Error('no');
        }),
      ).rejects.toThrow('no');
      expect(await database.transaction((tx) => handled.claim(tx, 'inbox', [id]))).toEqual(new Set([id]));
    });

    test('consumers that claim overlapping events at once share them out, none twice', async () => {
      const { handled, database } = storage;
      const ids = Array.from({ length: 30 }, (_, i) => idOf('G', i));
      const claims = await Promise.all(
        Array.from({ length: 6 }, (_, i) =>
          database.transaction((tx) =>
            handled.claim(tx, 'inbox', i % 2 === 0 ? ids.slice(i) : ids.slice(0, 30 - i).reverse()),
          ),
        ),
      );
      const all = claims.flatMap((claim) => [...claim]);
      expect(all.sort()).toEqual(ids);
    });

    test('pruning forgets after eight days, not before', async () => {
      const { handled, database } = storage;
      const ids = Array.from({ length: 2500 }, (_, i) => idOf('P', i));
      await database.transaction((tx) => handled.claim(tx, 'prune', ids));
      clock.advance(7.9 * 24 * 3600 * 1000);
      await database.transaction((tx) => handled.claim(tx, 'prune', [idOf('Q', 1)]));
      expect(await handled.prune()).toBe(0);
      clock.advance(0.2 * 24 * 3600 * 1000);
      expect(await handled.prune()).toBeGreaterThanOrEqual(2500);
      expect(await database.query('SELECT event_id FROM sample_handled')).toEqual([{ event_id: idOf('Q', 1) }]);
    });

    test('claims that are made at once in a transaction share a statement, and the first has what several name', async () => {
      const { database, handled } = storage;
      const [one, two, three] = [idOf('C', 1), idOf('C', 2), idOf('C', 3)];
      const answers = await database.transaction(async (tx) => {
        const insert = jest.spyOn(tx, 'insertMany');
        const claims = await Promise.all([
          handled.claim(tx, 'inbox', [one, two]),
          handled.claim(tx, 'inbox', [two, three]),
          handled.claim(tx, 'inbox', []),
        ]);
        expect(insert).toHaveBeenCalledTimes(1);
        return claims;
      });
      expect(answers).toEqual([new Set([one, two]), new Set([three]), new Set()]);
    });
  });
}
