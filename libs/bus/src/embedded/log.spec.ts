import { SystemClock, type Database } from '@huiliu/storage';
import { busTables } from '../schema';
import { makePlace, type Place } from '../specs/fixture';
import { Log, type LogReader } from './log';

const LENGTH = 700_000;

describe('the log', () => {
  let place: Place;
  let database: Database;
  let log: Log;
  beforeEach(async () => {
    place = await makePlace('embedded');
    ({ database } = (await place.open()).storage);
    log = await open();
  });
  afterEach(() => place.remove());

  async function open(): Promise<Log> {
    const opened = new Log(database, busTables(place.prefix).log, new SystemClock());
    await opened.open();
    return opened;
  }

  async function add(from: number, to: number, text = ''): Promise<void> {
    for (let i = from; i < to; i++)
      await database.transaction((tx) => {
        const value = JSON.stringify({ i, text });
        return log.add(tx, [{ topic: 't', key: 'k', id: String(i).padStart(26, '0'), value, envelope: null }]);
      });
  }

  /** Everything up to the last record, as it is read in pieces; and how many each piece had. */
  async function drain(reader: LogReader): Promise<{ seen: number[]; lengths: number[] }> {
    const seen: number[] = [];
    const lengths: number[] = [];
    for (;;) {
      const records = await reader.read(500);
      if (records.length === 0) return { seen, lengths };
      lengths.push(records.length);
      for (const { value } of records) seen.push((JSON.parse(value as string) as { i: number }).i);
    }
  }

  const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
  const large = '您'.repeat(LENGTH);

  it('holds few records as large as they get for who does not keep up, and hands on all', async () => {
    const reader = log.follow('t', 0);
    await add(0, 30, large);
    expect(log.held('t')).toBeGreaterThan(LENGTH);
    expect(log.held('t')).toBeLessThanOrEqual(8 * 1024 * 1024);
    expect((await drain(reader)).seen).toEqual(range(0, 30));
  });

  it('reads few records as large as they get from the table at once, but always one', async () => {
    await add(0, 10, large);
    const { seen, lengths } = await drain((await open()).follow('t', 0));
    expect(seen).toEqual(range(0, 10));
    expect(Math.max(...lengths)).toBeLessThanOrEqual(2);
  });

  it('holds nothing that everyone who reads was handed', async () => {
    const [first, second] = [log.follow('t', 0), log.follow('t', 0)];
    await add(0, 20);
    expect((await drain(first)).seen).toEqual(range(0, 20));
    expect(log.held('t')).toBeGreaterThan(0);
    expect((await drain(second)).seen).toEqual(range(0, 20));
    expect(log.held('t')).toBe(0);
    await add(20, 30);
    expect((await drain(first)).seen).toEqual(range(20, 30));
    second.close();
    expect(log.held('t')).toBe(0);
    first.close();
    await add(30, 40);
    expect(log.held('t')).toBe(0);
    expect(log.behind('t', 0)).toBe(40);
    expect((await drain(log.follow('t', 0))).seen).toEqual(range(0, 40));
  });

  it('waits, and does not look again and again, where what was before is pruned', async () => {
    await add(0, 10);
    await database.transaction((tx) => tx.execute(`DELETE FROM ${busTables(place.prefix).log}`));
    const reader = log.follow('t', 0);
    expect(await reader.read(500)).toEqual([]);
    const ends = new AbortController();
    let woken = false;
    const waiting = reader.wait(ends.signal).then(() => (woken = true));
    await new Promise((next) => setImmediate(next));
    expect(woken).toBe(false);
    await add(10, 11);
    await waiting;
    expect((await drain(reader)).seen).toEqual([10]);
  });
});
