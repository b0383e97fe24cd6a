import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@huiliu/testing';
import { Checkpointer } from '../sqlite/checkpointer';
import { SqliteConnection } from '../sqlite/connection';
import { WriteLane } from '../sqlite/lane';
import { ended, startChild } from './processes';

jest.setTimeout(60_000);

const PAGE = 4096;

describe('SQLite’s log', () => {
  let folder: string;
  let file: string;
  let connection: SqliteConnection;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'huiliu-log-'));
    file = join(folder, 'a.sqlite');
  });
  afterEach(() => {
    connection.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Nothing but the checkpointer copies the log. */
  function open(autocheckpoint = 0): void {
    connection = new SqliteConnection(file);
    for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', `wal_autocheckpoint = ${autocheckpoint}`])
      connection.pragma(pragma);
    connection.exec('CREATE TABLE IF NOT EXISTS rows (n INTEGER PRIMARY KEY, filling TEXT)');
  }

  const logBytes = (): number => statSync(`${file}-wal`).size;
  const numbers = (): number[] => connection.all<{ n: number }>('SELECT n FROM rows ORDER BY n', []).map(({ n }) => n);
  const sound = (): unknown => connection.all('PRAGMA integrity_check', []);
  const write = (lane: WriteLane, n: number): Promise<unknown> =>
    lane.submit((tx) => tx.execute('INSERT INTO rows VALUES (?, ?)', [n, 'x'.repeat(20 * PAGE)]));

  it('is copied into the file beside a writer that never pauses, and begins anew again and again', async () => {
    open();
    const checkpointer = new Checkpointer(file, connection, 200);
    const lane = new WriteLane(connection, () => checkpointer.committed());
    for (let n = 0; n < 2_000; n++) await write(lane, n);
    // 40,000 pages and more were written.
    expect(logBytes()).toBeLessThan(20_000 * PAGE);
    expect(statSync(file).size).toBeGreaterThan(20_000 * PAGE);
    await lane.close();
    await checkpointer.close();
    expect(numbers()).toHaveLength(2_000);
    expect(sound()).toEqual([{ integrity_check: 'ok' }]);
  });

  it('is copied by the writer, later, where the thread cannot', async () => {
    open(400);
    const checkpointer = new Checkpointer(join(folder, 'no folder', 'a.sqlite'), connection, 200);
    const lane = new WriteLane(connection, () => checkpointer.committed());
    for (let n = 0; n < 200; n++) await write(lane, n);
    expect(logBytes()).toBeLessThan(1_000 * PAGE);
    await lane.close();
    await checkpointer.close();
    expect(numbers()).toHaveLength(200);
  });

  it('keeps what was acknowledged when the process is killed while it is copied', async () => {
    const child = startChild('checkpoint', file);
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await eventually('much was written', () => said.length > 8_000, 30_000);
    const gone = ended(child);
    child.kill('SIGKILL');
    await gone;
    open();
    const told = said.slice(0, said.lastIndexOf('\n')).split('\n').map(Number);
    const stored = new Set(numbers());
    expect(told.filter((n) => !stored.has(n))).toEqual([]);
    expect(statSync(file).size).toBeGreaterThan(1_000 * PAGE);
    expect(sound()).toEqual([{ integrity_check: 'ok' }]);
  });
});
