import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '@huiliu/platform';
import { type OpenStorage, openDatabase, StaleLease, TablePrefix } from '@huiliu/storage';
import { FakeClock } from '@huiliu/testing';
import { LeaseBook } from './lease-book';

describe('LeaseBook', () => {
  const clock = new FakeClock();
  let folder: string;
  let storage: OpenStorage;
  let books: LeaseBook[];

  beforeEach(async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    folder = await mkdtemp(join(tmpdir(), 'huiliu-leases-'));
    storage = await openDatabase({
      url: `sqlite:${join(folder, 'db')}`,
      dataDir: folder,
      prefix: 'p',
      schemas: [],
      clock,
    });
    books = [];
  });
  afterEach(async () => {
    jest.useRealTimers();
    await Promise.all(books.map((book) => book.onApplicationShutdown()));
    await storage.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A process's book; `bus` says whether there may be others. */
  const book = (bus: 'kafka' | 'embedded' = 'kafka'): LeaseBook => {
    const made = new LeaseBook(storage.leases, storage.database, clock, { bus } as Config, new TablePrefix('p'));
    books.push(made);
    return made;
  };

  it('one process holds a lease, and the next one when it lets go', async () => {
    const [a, b] = [book(), book()];
    const held = await a.take('x');
    expect(held).not.toBeNull();
    expect(await b.take('x')).toBeNull();
    await a.release('x');
    expect(held?.signal.aborted).toBe(true);
    expect(await b.take('x')).not.toBeNull();
  });

  it('who was away too long may write nothing more, and is told so', async () => {
    const [a, b] = [book(), book()];
    const held = await a.take('x');
    clock.advance(60_000);
    const taken = await b.take('x');
    await storage.database.transaction(async (tx) => taken?.assert(tx));
    await expect(storage.database.transaction(async (tx) => held?.assert(tx))).rejects.toBeInstanceOf(StaleLease);
    const aborted = new Promise((resolve) => held?.signal.addEventListener('abort', resolve));
    jest.advanceTimersByTime(3_000);
    await aborted;
    expect([a.holds('x'), b.holds('x')]).toEqual([false, true]);
  });

  it('what must be done alone is done by one process after the other', async () => {
    jest.useRealTimers();
    const [a, b] = [book(), book()];
    const said: string[] = [];
    const work = (name: string) => async () => {
      said.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      said.push(`${name} ends`);
      return name;
    };
    const broken = a.inTurn('x', () => Promise.reject(new Error('broken')));
    await expect(broken).rejects.toThrow('broken');
    expect(await Promise.all([a.inTurn('x', work('a')), b.inTurn('x', work('b'))])).toEqual(['a', 'b']);
    expect([said.slice(0, 2), said.slice(2)].map(([begins]) => begins).sort()).toEqual(['a begins', 'b begins']);
  });

  it('counts who takes part', async () => {
    const [a, b] = [book(), book()];
    expect(await a.members('g')).toBe(1);
    expect(await b.members('g')).toBe(2);
    expect(await a.members('g')).toBe(2);
    await b.onApplicationShutdown();
    expect(await a.members('g')).toBe(1);
  });

  it('in one process everything is granted and nothing is written', async () => {
    const alone = book('embedded');
    const held = await alone.take('x');
    await storage.database.transaction(async (tx) => held?.assert(tx));
    expect(await alone.members('g')).toBe(1);
    expect(await storage.database.query('SELECT name FROM p_leases')).toEqual([]);
  });
});
