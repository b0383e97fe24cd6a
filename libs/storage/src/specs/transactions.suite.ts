import type { Dialect } from '../database';
import { isDuplicateKey, isInfrastructureError } from '../errors';
import type { OpenStorage } from '../open';
import { addEntry, after, Gate, idOf, makePlace, type Place } from './fixture';

const THREAD = idOf('T', 1);

/** What both databases promise of a transaction. */
export function transactionsSuite(dialect: Dialect): void {
  describe(`transactions on ${dialect}`, () => {
    let place: Place;
    let storage: OpenStorage;
    const count = async (): Promise<number> => {
      const [row] = await storage.database.query<{ c: number }>('SELECT COUNT(*) AS c FROM sample_entries');
      return row!.c;
    };

    beforeAll(async () => {
      place = await makePlace(dialect);
      storage = await place.open();
    });
    afterAll(() => place.remove());
    beforeEach(async () => {
      await storage.database.transaction(async (tx) => {
        await tx.execute('DELETE FROM sample_entries');
        await tx.execute('DELETE FROM sample_threads');
        await tx.insertMany('sample_threads', ['id'], [[THREAD], [idOf('T', 2)]]);
      });
    });

    test('two that interleave, one of which fails: the other is whole, the failed leaves nothing', async () => {
      const started = new Gate();
      const outcomes = await Promise.allSettled([
        storage.database.transaction(async (tx) => {
          await addEntry(tx, idOf('A', 1), THREAD, 1);
          started.open();
          await after(5);
          await addEntry(tx, idOf('A', 2), THREAD, 2);
        }),
        storage.database.transaction(async (tx) => {
          await started.opened;
          await addEntry(tx, idOf('B', 1), THREAD, 3);
          await after(5);
          throw new Error('no');
        }),
        storage.database.transaction(async (tx) => {
          await started.opened;
          await addEntry(tx, idOf('C', 1), THREAD, 4);
        }),
      ]);
      expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      const rows = await storage.database.query<{ id: string }>('SELECT id FROM sample_entries ORDER BY id');
      expect(rows.map((row) => row.id)).toEqual([idOf('A', 1), idOf('A', 2), idOf('C', 1)]);
    });

    test('a failing first work does not take the later ones of the same commit with it', async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, i) =>
          storage.database.transaction(async (tx) => {
            await addEntry(tx, idOf('A', i), THREAD, i);
            if (i % 3 === 0) throw new Error('no');
          }),
        ),
      );
      expect(outcomes.filter((outcome) => outcome.status === 'rejected')).toHaveLength(7);
      expect(await count()).toBe(13);
    });

    test('of many that insert the same key one succeeds, and who failed can read the row at once', async () => {
      const seen = await Promise.all(
        Array.from({ length: 10 }, async (_, i) => {
          try {
            await storage.database.transaction((tx) => addEntry(tx, idOf('A', 1), THREAD, 1, `writer ${i}`));
            return 'inserted';
          } catch (error) {
            expect(isDuplicateKey(error)).toBe(true);
            expect(isInfrastructureError(error)).toBe(false);
            return (await count()) === 1 ? 'duplicate' : 'invisible';
          }
        }),
      );
      expect(seen.filter((outcome) => outcome === 'inserted')).toHaveLength(1);
      expect(seen.filter((outcome) => outcome === 'duplicate')).toHaveLength(9);
    });

    test('a duplicate key that is caught leaves the rest of the transaction as it was', async () => {
      await storage.database.transaction(async (tx) => {
        await addEntry(tx, idOf('A', 7), THREAD, 7);
        // More rows than fit one statement: all of them go, or none.
        const rows = Array.from({ length: 1500 }, (_, i) => [idOf('A', i), THREAD, i]);
        const error: unknown = await tx
          .insertMany('sample_entries', ['id', 'thread_id', 'seq'], rows.toReversed())
          .catch((e: unknown) => e);
        expect(isDuplicateKey(error)).toBe(true);
        await addEntry(tx, idOf('B', 1), THREAD, 5000);
      });
      expect(await count()).toBe(2);
    });

    test('writes of one thread are counted one after the other', async () => {
      await Promise.all(
        Array.from({ length: 30 }, (_, i) =>
          storage.database.transaction(async (tx) => {
            const [row] = await tx.lock<{ last_seq: number }>('sample_threads', 'id', [THREAD]);
            const seq = row!.last_seq + 1;
            await tx.execute('UPDATE sample_threads SET last_seq = ? WHERE id = ?', [seq, THREAD]);
            await addEntry(tx, idOf('A', i), THREAD, seq);
          }),
        ),
      );
      const rows = await storage.database.query<{ seq: number }>('SELECT seq FROM sample_entries ORDER BY seq');
      expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    });

    test('lock answers what is there, sorted, each once', async () => {
      const rows = await storage.database.transaction((tx) =>
        tx.lock<{ id: string }>('sample_threads', 'id', [idOf('T', 2), THREAD, idOf('T', 9), THREAD], ['id']),
      );
      expect(rows.map((row) => row.id)).toEqual([THREAD, idOf('T', 2)]);
    });

    test('afterCommit is called in order once the data can be read, and never for a failure', async () => {
      const calls: string[] = [];
      await storage.database.transaction(async (tx) => {
        tx.afterCommit(() => calls.push('first'));
        await addEntry(tx, idOf('A', 1), THREAD, 1);
        tx.afterCommit(() => calls.push('second'));
        expect(calls).toEqual([]);
      });
      expect(calls).toEqual(['first', 'second']);
      await storage.database
        .transaction(async (tx) => {
          tx.afterCommit(() => calls.push('never'));
          await addEntry(tx, idOf('A', 1), THREAD, 1);
        })
        .catch(() => undefined);
      expect(calls).toHaveLength(2);
    });

    test('a transaction that has ended answers nothing more', async () => {
      const tx = await storage.database.transaction(async (open) => ({ open }));
      await expect(tx.open.execute('DELETE FROM sample_threads')).rejects.toThrow('has ended');
    });

    test('upsertMany writes what is new and changes what is there', async () => {
      const upsert = (rows: [string, number][], update: string[]): Promise<void> =>
        storage.database.transaction((tx) => tx.upsertMany('sample_threads', ['id', 'last_seq'], rows, ['id'], update));
      await upsert(
        [
          [THREAD, 5],
          [idOf('T', 3), 6],
        ],
        ['last_seq'],
      );
      await upsert(
        [
          [THREAD, 9],
          [idOf('T', 4), 1],
        ],
        [],
      );
      const rows = await storage.database.query<{ last_seq: number }>(
        'SELECT last_seq FROM sample_threads ORDER BY id',
      );
      expect(rows.map((row) => row.last_seq)).toEqual([5, 0, 6, 1]);
    });

    test('values come back as they went: letters, times, numbers, null; ids are compared byte by byte', async () => {
      const body = '汇流 "quoted" \\ \' ; -- 🙂\n\t\u001a%_';
      await storage.database.transaction(async (tx) => {
        await tx.insertMany(
          'sample_entries',
          ['id', 'thread_id', 'seq', 'body', 'at'],
          [
            ['AbC', THREAD, 1, body, '2026-11-23 12:00:00.007'],
            ['abc', THREAD, 2, null, null],
          ],
        );
      });
      const rows = await storage.database.query(
        'SELECT id, seq, body, at FROM sample_entries WHERE id IN (?, ?) ORDER BY seq',
        ['AbC', 'abc'],
      );
      expect(rows).toEqual([
        { id: 'AbC', seq: 1, body, at: '2026-11-23 12:00:00.007' },
        { id: 'abc', seq: 2, body: null, at: null },
      ]);
      const [sum] = await storage.database.query(
        'SELECT SUM(seq) AS s, MAX(seq) AS m, COUNT(*) AS c FROM sample_entries',
      );
      expect(sum).toEqual({ s: 3, m: 2, c: 2 });
    });

    test('the reading connection cannot write', async () => {
      await expect(storage.database.query('DELETE FROM sample_threads')).rejects.toThrow(/read.?only/i);
    });

    test('affected rows count what was found, changed or not', async () => {
      const changed = await storage.database.transaction((tx) => tx.execute('UPDATE sample_threads SET last_seq = 0'));
      expect(changed.affected).toBe(2);
    });

    test('close waits for what is in hand and refuses what comes later', async () => {
      const other = await place.open();
      const started = new Gate();
      const slow = other.database.transaction(async (tx) => {
        started.open();
        await after(10);
        await addEntry(tx, idOf('Z', 1), THREAD, 77);
      });
      await started.opened;
      await Promise.all([other.close(), slow]);
      expect(await count()).toBe(1);
      const late: unknown = await other.database.transaction(async () => undefined).catch((error: unknown) => error);
      expect(isInfrastructureError(late)).toBe(true);
    });
  });
}
