import fc from 'fast-check';
import { isInfrastructureError } from '../errors';
import { openDatabase, type OpenStorage } from '../open';
import { addEntry, after, Gate, idOf, makePlace, type Place } from './fixture';

const [ONE, TWO] = [idOf('T', 1), idOf('T', 2)];

describe('a MySQL-compatible server', () => {
  let place: Place;
  let storage: OpenStorage;
  beforeAll(async () => {
    place = await makePlace('mysql');
    storage = await place.open();
    await storage.database.transaction((tx) => tx.insertMany('sample_threads', ['id'], [[ONE], [TWO]]));
  });
  afterAll(() => place.remove());

  /** Two transactions that take the same two rows in opposite order, each holding its first until the other has its own. */
  async function collide(onError: (error: unknown) => void): Promise<number[]> {
    const holding = [new Gate(), new Gate()];
    const runs = [0, 0];
    const work = (i: 0 | 1): Promise<void> =>
      storage.database.transaction(async (tx) => {
        runs[i]!++;
        await tx.execute('UPDATE sample_threads SET last_seq = last_seq + 1 WHERE id = ?', [i === 0 ? ONE : TWO]);
        holding[i]!.open();
        await holding[1 - i]!.opened;
        try {
          await tx.execute('UPDATE sample_threads SET last_seq = last_seq + 1 WHERE id = ?', [i === 0 ? TWO : ONE]);
        } catch (error) {
          onError(error);
        }
      });
    await Promise.all([work(0), work(1)]);
    return runs;
  }

  const sequences = async (): Promise<number[]> => {
    const rows = await storage.database.query<{ last_seq: number }>('SELECT last_seq FROM sample_threads ORDER BY id');
    return rows.map((row) => row.last_seq);
  };

  test('repeats the transaction that a deadlock ended; both take effect once', async () => {
    const before = await sequences();
    const runs = await collide((error) => {
      throw error;
    });
    expect(runs.reduce((sum, n) => sum + n)).toBe(3);
    expect(await sequences()).toEqual(before.map((n) => n + 2));
  });

  test('a work that swallows a deadlock is repeated all the same: nothing of it goes outside a transaction', async () => {
    const before = await sequences();
    const runs = await collide(() => undefined);
    expect(runs.reduce((sum, n) => sum + n)).toBe(3);
    expect(await sequences()).toEqual(before.map((n) => n + 2));
  });

  test('locks are taken in one order, whatever the order of the ids: no deadlock', async () => {
    let runs = 0;
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        storage.database.transaction(async (tx) => {
          runs++;
          await tx.lock('sample_threads', 'id', i % 2 === 0 ? [ONE, TWO] : [TWO, ONE]);
          await tx.execute('UPDATE sample_threads SET last_seq = last_seq + 1');
        }),
      ),
    );
    expect(runs).toBe(20);
  });

  test('a transaction that is held still does not keep its locks, and is trouble of the database when it wakes', async () => {
    const holding = new Gate();
    const before = await sequences();
    const still: Promise<unknown> = storage.database
      .transaction(async (tx) => {
        await tx.execute('UPDATE sample_threads SET last_seq = last_seq + 1 WHERE id = ?', [ONE]);
        holding.open();
        // Longer than the server has patience, as a process that is stopped in the middle of it.
        await after(14_000);
        await tx.query('SELECT 1 AS one');
      })
      .catch((error: unknown) => error);
    await holding.opened;
    const other = storage.database
      .transaction((tx) => tx.execute('UPDATE sample_threads SET last_seq = last_seq + 1 WHERE id = ?', [ONE]))
      .then(() => 'the other');
    expect(await Promise.race([other, still])).toBe('the other');
    expect(isInfrastructureError(await still)).toBe(true);
    expect(await sequences()).toEqual([before[0]! + 1, before[1]]);
  });

  test('a connection that is cut is trouble of the database, and the next transaction gets another', async () => {
    const cut: unknown = await storage.database
      .transaction(async (tx) => {
        await addEntry(tx, idOf('K', 1), ONE, 1);
        const [row] = await tx.query<{ id: number }>('SELECT CONNECTION_ID() AS id');
        await storage.database.query('SELECT 1 AS one');
        await storage.database.transaction((other) => other.execute(`KILL ${row!.id}`));
        await addEntry(tx, idOf('K', 2), ONE, 2);
      })
      .catch((error: unknown) => error);
    expect(cut).toBeInstanceOf(Error);
    expect(isInfrastructureError(cut)).toBe(true);
    await storage.database.transaction((tx) => addEntry(tx, idOf('K', 3), ONE, 3));
    expect(await storage.database.query('SELECT id FROM sample_entries')).toEqual([{ id: idOf('K', 3) }]);
  });

  test('a server out of reach is trouble of the database', async () => {
    const error: unknown = await openDatabase({
      url: 'mysql://root@127.0.0.1:1/none',
      dataDir: '.',
      prefix: 'sample',
      schemas: [],
    }).catch((e: unknown) => e);
    expect(isInfrastructureError(error)).toBe(true);
  });

  test('text that is too long fails, it is not cut', async () => {
    const error: unknown = await storage.database
      .transaction((tx) => addEntry(tx, 'x'.repeat(27), ONE, 9))
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ER_DATA_TOO_LONG' });
    expect(isInfrastructureError(error)).toBe(false);
  });

  test('any text and number goes in and comes back, in rows and in place of question marks; none becomes part of the statement', async () => {
    const sign = fc.constantFrom(
      "'",
      '\\',
      '\0',
      '"',
      '?',
      '`',
      ';',
      '--',
      '/*',
      '%',
      '\n',
      '\r',
      '\u001a',
      '汇',
      '🙂',
      "\\'",
      "''",
    );
    const texts = fc.array(
      fc.array(sign, { maxLength: 12 }).map((signs) => signs.join('')),
      { minLength: 1, maxLength: 20 },
    );
    let thread = 100;
    await fc.assert(
      fc.asyncProperty(texts, fc.integer(), async (bodies, n) => {
        const at = idOf('T', ++thread);
        const rows = bodies.map((body, seq) => [idOf(`E${thread}X`, seq), at, seq, body]);
        await storage.database.transaction(async (tx) => {
          await tx.insertMany('sample_entries', ['id', 'thread_id', 'seq', 'body'], rows);
        });
        const stored = await storage.database.query<{ body: string }>(
          'SELECT body FROM sample_entries WHERE thread_id = ? ORDER BY seq',
          [at],
        );
        expect(stored.map(({ body }) => body)).toEqual(bodies);
        const [row] = await storage.database.query('SELECT ? AS text, ? AS number, ? AS nothing, HEX(?) AS bytes', [
          bodies[0]!,
          n,
          null,
          new Uint8Array([0, 39, 92, 255]),
        ]);
        expect(row).toEqual({ text: bodies[0], number: n, nothing: null, bytes: '00275CFF' });
      }),
      { numRuns: 60 },
    );
    await expect(storage.database.query('SELECT ? AS a', ['one', 'too many'])).rejects.toThrow('question marks');
  });

  test('every connection is set up alike', async () => {
    const ask = `SELECT @@session.time_zone AS zone, @@session.sql_mode AS mode, @@session.collation_connection AS coll`;
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => storage.database.transaction((tx) => tx.query<{ mode: string }>(ask))),
    );
    for (const [answer] of answers) {
      expect(answer).toMatchObject({ zone: '+00:00', coll: 'utf8mb4_bin' });
      expect(answer!.mode).toContain('STRICT_ALL_TABLES');
    }
    // Under READ COMMITTED a transaction sees what was committed after it began.
    await storage.database.transaction(async (tx) => {
      await tx.query('SELECT last_seq FROM sample_threads');
      await storage.database.transaction((other) => other.execute('UPDATE sample_threads SET last_seq = 1000'));
      const rows = await tx.query<{ last_seq: number }>('SELECT last_seq FROM sample_threads');
      expect(rows.map((row) => row.last_seq)).toEqual([1000, 1000]);
    });
  });
});
