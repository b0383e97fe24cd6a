import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isInfrastructureError } from '../errors';
import { openDatabase, type OpenStorage } from '../open';
import { SqliteConnection } from '../sqlite/connection';
import { sqliteFile } from '../sqlite/sqlite-database';
import { addEntry, after, idOf, makePlace, type Place } from './fixture';
import { ended, startChild } from './processes';

describe('the SQLite file', () => {
  let place: Place;
  beforeEach(async () => {
    place = await makePlace('sqlite');
  });
  afterEach(() => place.remove());

  const file = (): string => sqliteFile(place.url, '.');
  const count = async (storage: OpenStorage): Promise<number> => {
    const [row] = await storage.database.query<{ c: number }>('SELECT COUNT(*) AS c FROM sample_entries');
    return row!.c;
  };

  test('is found where the URL says', () => {
    expect(sqliteFile(null, '/var/data')).toBe('/var/data/huiliu.sqlite');
    expect(sqliteFile('sqlite:', '/var/data')).toBe('/var/data/huiliu.sqlite');
    expect(sqliteFile('sqlite:/tmp/a.db', '/var/data')).toBe('/tmp/a.db');
    expect(sqliteFile('sqlite:///tmp/a.db', '/var/data')).toBe('/tmp/a.db');
    expect(sqliteFile('sqlite:a.db', '/var/data')).toBe(join(process.cwd(), 'a.db'));
    expect(() => sqliteFile('sqlite::memory:', '/var/data')).toThrow('needs a file');
  });

  test('works that take long leave turns of the event loop to others, also where they share a commit', async () => {
    const storage = await place.open();
    const order: string[] = [];
    let turning = true;
    const turn = (): void => {
      order.push('turn');
      if (turning) setImmediate(turn);
    };
    const work = (): Promise<void> =>
      storage.database.transaction(async () => {
        const until = performance.now() + 20;
        while (performance.now() < until);
        order.push('work');
      });
    setImmediate(turn);
    await Promise.all(Array.from({ length: 4 }, work));
    turning = false;
    expect(order.join(' ')).toMatch(/work (turn )+work (turn )+work (turn )+work/);
  });

  test('is made with its folder, in WAL mode, durable, without foreign keys', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'huiliu-storage-'));
    const storage = await openDatabase({ url: null, dataDir: join(dir, 'a', 'b'), prefix: 'sample', schemas: [] });
    const pragmas = await storage.database.transaction(async (tx) => [
      ...(await tx.query('PRAGMA journal_mode')),
      ...(await tx.query('PRAGMA synchronous')),
      ...(await tx.query('PRAGMA foreign_keys')),
    ]);
    expect(pragmas).toEqual([{ journal_mode: 'wal' }, { synchronous: 2 }, { foreign_keys: 0 }]);
    await storage.close();
    expect(existsSync(join(dir, 'a', 'b', 'huiliu.sqlite'))).toBe(true);
    rmSync(dir, { recursive: true });
  });

  test('works that wait together share one commit', async () => {
    const storage = await place.open();
    const works = Array.from({ length: 100 }, (_, i) =>
      storage.database.transaction((tx) => addEntry(tx, idOf('A', i), idOf('T', i), 1)),
    );
    await works[0];
    expect(await count(storage)).toBe(100);
    await Promise.all(works);
  });

  test('text that the driver would cut at a NUL is refused', async () => {
    const storage = await place.open();
    await expect(storage.database.transaction((tx) => addEntry(tx, idOf('A', 1), 'a\0b', 1))).rejects.toThrow('NUL');
    expect(await count(storage)).toBe(0);
  });

  test('another process that holds the file is waited for, without blocking', async () => {
    const storage = await place.open();
    const other = new SqliteConnection(file());
    other.exec('BEGIN IMMEDIATE');
    const writing = storage.database.transaction((tx) => addEntry(tx, idOf('A', 1), idOf('T', 1), 1));
    await after(150);
    other.exec('COMMIT');
    other.close();
    await writing;
    expect(await count(storage)).toBe(1);
  });

  test('a full disk is trouble of the database, loses nothing of what was told, and passes', async () => {
    const storage = await place.open();
    const { database } = storage;
    await database.transaction(async (tx) => {
      const [pages] = await tx.query<{ page_count: number }>('PRAGMA page_count');
      await tx.query(`PRAGMA max_page_count = ${pages!.page_count + 20}`);
    });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, (_, i) =>
        database.transaction((tx) => addEntry(tx, idOf('A', i), idOf('T', i), 1, 'x'.repeat(20_000))),
      ),
    );
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(failed.length).toBeGreaterThan(0);
    for (const { reason } of failed) expect(isInfrastructureError(reason)).toBe(true);
    expect(await count(storage)).toBe(30 - failed.length);
    await database.transaction((tx) => tx.query('PRAGMA max_page_count = 100000'));
    await database.transaction((tx) => addEntry(tx, idOf('B', 1), idOf('T', 99), 1));
    expect(await count(storage)).toBe(31 - failed.length);
  });

  test('what was acknowledged survives kill -9, whole', async () => {
    const child = startChild('write', place.url);
    const gone = ended(child);
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.length > 8_000) resolve();
      });
      void gone.then(({ code, complaints }) => reject(new Error(`ended by itself with ${code}: ${complaints}`)));
    });
    child.kill('SIGKILL');
    await gone;
    const told = said.slice(0, said.lastIndexOf('\n')).split('\n').map(Number);
    const storage = await place.open();
    const rows = await storage.database.query<{ id: string; thread_id: string }>(
      'SELECT id, thread_id FROM sample_entries',
    );
    const ids = new Set(rows.map((row) => row.id));
    expect(told.filter((n) => !ids.has(idOf('A', n)) || !ids.has(idOf('B', n)))).toEqual([]);
    expect(told.length).toBeGreaterThan(500);
    // Nothing half: each pair is there, or neither.
    const halves = await storage.database.query(
      'SELECT thread_id FROM sample_entries GROUP BY thread_id HAVING COUNT(*) <> 2',
    );
    expect(halves).toEqual([]);
    const sound = await storage.database.query('PRAGMA integrity_check');
    expect(sound).toEqual([{ integrity_check: 'ok' }]);
  });
});
