import { CountingWay, eventually } from '@huiliu/testing';
import { isDuplicateKey } from '../errors';
import { openDatabase, type OpenStorage } from '../open';
import { addEntry, idOf, makePlace, type Place } from './fixture';
import { SAMPLE } from './sample';

const THREAD = idOf('T', 1);
const ENTRY = ['id', 'thread_id', 'seq'];

describe('what a transaction writes', () => {
  let place: Place;
  let way: CountingWay;
  let storage: OpenStorage;
  beforeAll(async () => {
    place = await makePlace('mysql');
    way = await CountingWay.to(place.url);
    storage = await openDatabase({ url: way.url, dataDir: '.', prefix: 'sample', schemas: [SAMPLE] });
    await storage.database.transaction((tx) => tx.insertMany('sample_threads', ['id'], [[THREAD]]));
  });
  afterAll(async () => {
    await storage.close();
    way.close();
    await place.remove();
  });
  beforeEach(() => storage.database.transaction((tx) => tx.execute('DELETE FROM sample_entries')));

  const stored = async (): Promise<string[]> =>
    (await storage.database.query<{ id: string }>('SELECT id FROM sample_entries ORDER BY id')).map(({ id }) => id);

  it('goes with what it asks next and with the commit, in its order', async () => {
    const before = way.requests;
    const seen = await storage.database.transaction(async (tx) => {
      await tx.insertMany('sample_entries', ENTRY, [[idOf('A', 1), THREAD, 1]]);
      await tx.upsertMany('sample_threads', ['id', 'last_seq'], [[THREAD, 7]], ['id'], ['last_seq']);
      const rows = await tx.query(
        'SELECT e.id, t.last_seq FROM sample_entries e JOIN sample_threads t ON t.id = e.thread_id',
      );
      await tx.insertMany('sample_entries', ENTRY, [[idOf('A', 2), THREAD, 2]]);
      await tx.insertMany('sample_entries', ENTRY, [[idOf('A', 3), THREAD, 3]]);
      return rows;
    });
    expect(way.requests - before).toBe(2);
    expect(seen).toEqual([{ id: idOf('A', 1), last_seq: 7 }]);
    expect(await stored()).toEqual([idOf('A', 1), idOf('A', 2), idOf('A', 3)]);
  });

  it('is seen by a question that goes with the commit, whose answer comes once it can be read', async () => {
    const before = way.requests;
    const told: unknown[] = [];
    await storage.database.transaction(async (tx) => {
      tx.afterCommit(() => told.push('committed'));
      tx.askLast!('SELECT id FROM sample_entries', (rows) => told.push(rows));
      await tx.insertMany('sample_entries', ENTRY, [[idOf('A', 1), THREAD, 1]]);
      expect(told).toEqual([]);
    });
    expect(way.requests - before).toBe(1);
    expect(told).toEqual([[{ id: idOf('A', 1) }], 'committed']);
    const failing = storage.database.transaction(async (tx) => {
      tx.askLast!('SELECT id FROM sample_entries', (rows) => told.push(rows));
      await tx.insertMany('sample_entries', ENTRY, [[idOf('A', 1), THREAD, 1]]);
    });
    await expect(failing).rejects.toMatchObject({ code: 'ER_DUP_ENTRY' });
    expect(told).toHaveLength(2);
  });

  it('goes with rows that are to be locked and known ahead, which are then locked', async () => {
    const before = way.requests;
    let second: Promise<unknown[]> | undefined;
    await storage.database.transaction(async (tx) => {
      await tx.insertMany('sample_entries', ENTRY, [[idOf('A', 1), THREAD, 1]]);
      tx.lockAhead!('sample_threads', 'id', [THREAD], ['id', 'last_seq']);
      await tx.query('SELECT id FROM sample_entries');
      const rows = await tx.lock('sample_threads', 'id', [THREAD, THREAD], ['id', 'last_seq']);
      expect([rows, way.requests - before]).toEqual([[{ id: THREAD, last_seq: expect.any(Number) }], 1]);
      second = storage.database.transaction((other) => other.lock('sample_threads', 'id', [THREAD]));
      await eventually('another asks for the same row', () => way.requests > before + 1);
      await tx.upsertMany('sample_threads', ['id', 'last_seq'], [[THREAD, 8]], ['id'], ['last_seq']);
    });
    // It had to wait.
    expect(await second).toEqual([{ id: THREAD, last_seq: 8 }]);
  });

  it('makes rows that were locked ahead be asked for again', async () => {
    const rows = await storage.database.transaction(async (tx) => {
      tx.lockAhead!('sample_threads', 'id', [THREAD]);
      await tx.query('SELECT id FROM sample_entries');
      await tx.upsertMany('sample_threads', ['id', 'last_seq'], [[THREAD, 9]], ['id'], ['last_seq']);
      return tx.lock('sample_threads', 'id', [THREAD]);
    });
    expect(rows).toEqual([expect.objectContaining({ last_seq: 9 })]);
  });

  it('makes them be asked for again, too, where it goes in one request with their lock', async () => {
    const rows = await storage.database.transaction(async (tx) => {
      tx.lockAhead!('sample_threads', 'id', [THREAD]);
      await tx.upsertMany('sample_threads', ['id', 'last_seq'], [[THREAD, 10]], ['id'], ['last_seq']);
      await tx.query('SELECT id FROM sample_entries');
      return tx.lock('sample_threads', 'id', [THREAD]);
    });
    expect(rows).toEqual([expect.objectContaining({ last_seq: 10 })]);
  });

  it('is refused where it was written, however late it goes: the work catches it there and goes on', async () => {
    await storage.database.transaction((tx) => addEntry(tx, idOf('A', 1), THREAD, 1));
    const caught = await storage.database.transaction(async (tx) => {
      await tx.insertMany('sample_entries', ENTRY, [[idOf('A', 2), THREAD, 2]]);
      const error: unknown = await tx
        .insertMany('sample_entries', ENTRY, [[idOf('A', 1), THREAD, 1]])
        .catch((each: unknown) => each);
      await tx.insertMany('sample_entries', ENTRY, [[idOf('A', 3), THREAD, 3]]);
      return error;
    });
    expect(isDuplicateKey(caught)).toBe(true);
    expect(await stored()).toEqual([idOf('A', 1), idOf('A', 2), idOf('A', 3)]);
  });

  it('fails the work before what comes after it could', async () => {
    await storage.database.transaction((tx) => addEntry(tx, idOf('A', 1), THREAD, 1));
    const failing = storage.database.transaction(async (tx) => {
      await tx.insertMany('sample_entries', ENTRY, [[idOf('A', 1), THREAD, 1]]);
      throw new Error('what came after it');
    });
    await expect(failing).rejects.toMatchObject({ code: 'ER_DUP_ENTRY' });
  });

  it('is all undone when the last of it is refused, and the next transaction knows nothing of it', async () => {
    const failing = storage.database.transaction(async (tx) => {
      await tx.insertMany('sample_entries', ENTRY, [[idOf('A', 1), THREAD, 1]]);
      await tx.insertMany('sample_entries', ENTRY, [['x'.repeat(27), THREAD, 2]]);
    });
    await expect(failing).rejects.toMatchObject({ code: 'ER_DATA_TOO_LONG' });
    expect(await stored()).toEqual([]);
    await storage.database.transaction((tx) => addEntry(tx, idOf('A', 4), THREAD, 4));
    expect(await stored()).toEqual([idOf('A', 4)]);
  });

  it('is what it says and no more: a statement that was asked for is one statement', async () => {
    const two = storage.database.transaction((tx) => tx.query('SELECT 1 AS one; SELECT 2 AS two'));
    await expect(two).rejects.toThrow('semicolon');
    await expect(storage.database.query('SELECT 1 AS one; SELECT 2 AS two')).rejects.toThrow(/syntax/i);
  });
});
