import { SystemClock } from '@huiliu/storage';
import { busTables } from '../schema';
import { makePlace, type Place } from '../specs/fixture';
import { Log } from './log';

const LENGTH = 700_000;

describe('the log, with records as large as they get', () => {
  let place: Place;
  beforeEach(async () => {
    place = await makePlace('embedded');
  });
  afterEach(() => place.remove());

  async function filled(count: number): Promise<{ log: Log; reopened: Log }> {
    const { database } = (await place.open()).storage;
    const open = async (): Promise<Log> => {
      const log = new Log(database, busTables(place.prefix).log, new SystemClock());
      await log.open();
      return log;
    };
    const log = await open();
    for (let i = 0; i < count; i++)
      await database.transaction((tx) => {
        const value = JSON.stringify({ i, text: '您'.repeat(LENGTH) });
        return log.add(tx, [{ topic: 't', key: 'k', id: String(i).padStart(26, '0'), value, envelope: null }]);
      });
    return { log, reopened: await open() };
  }

  it('holds few of them in memory, and hands on all', async () => {
    const { log } = await filled(30);
    expect(log.behind('t', 0)).toBeLessThanOrEqual(Math.ceil((8 * 1024 * 1024) / LENGTH));
    const seen: number[] = [];
    for (let after = 0; ;) {
      const records = await log.read('t', after, 500);
      if (records.length === 0) break;
      for (const { value } of records) seen.push((JSON.parse(value as string) as { i: number }).i);
      after = records.at(-1)!.n;
    }
    expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });

  it('reads few of them from the table at once, but always one', async () => {
    const { reopened } = await filled(10);
    const lengths: number[] = [];
    for (let after = 0; ;) {
      const records = await reopened.read('t', after, 500);
      if (records.length === 0) break;
      lengths.push(records.length);
      after = records.at(-1)!.n;
    }
    expect(lengths.reduce((sum, one) => sum + one)).toBe(10);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(2);
  });
});
