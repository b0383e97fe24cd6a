import type { Dialect } from '../database';
import type { OpenStorage } from '../open';
import type { OutboxRecord } from '../outbox';
import type { RelayOptions } from '../outbox/relay';
import { FakeClock } from '@huiliu/testing';
import { after, Gate, idOf, makePlace, type Place, seeded } from './fixture';

const FAST: RelayOptions = { pollMs: 20, leaseMs: 600, batch: 7 };
const SEED = Number(process.env.HUILIU_TEST_SEED ?? 20261123);

/** What reached the bus, and how far each key got: a repeat is allowed, a record ahead of its turn is not. */
class Broker {
  readonly seen = new Map<string, number[]>();
  readonly disorder: string[] = [];
  private readonly ids = new Set<string>();

  take(record: OutboxRecord): void {
    if (this.ids.has(record.id)) return;
    this.ids.add(record.id);
    const seqs = this.seen.get(record.key) ?? [];
    const seq = (JSON.parse(record.value) as { seq: number }).seq;
    if (seq !== seqs.length + 1) this.disorder.push(`${record.key}: ${seq} after ${seqs.at(-1) ?? 'nothing'}`);
    seqs.push(seq);
    this.seen.set(record.key, seqs);
  }

  get total(): number {
    return this.ids.size;
  }
}

async function until(met: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> {
  const late = Date.now() + ms;
  while (!(await met())) {
    if (Date.now() > late) throw new Error('not met in time');
    await after(5);
  }
}

/** One record for a thread, under the thread's lock, with its next number. */
async function say(storage: OpenStorage, thread: string, random: () => number): Promise<void> {
  await storage.database.transaction(async (tx) => {
    const [row] = await tx.lock<{ last_seq: number }>('sample_threads', 'id', [thread]);
    const seq = row!.last_seq + 1;
    await tx.execute('UPDATE sample_threads SET last_seq = ? WHERE id = ?', [seq, thread]);
    await storage.outbox.add(tx, [
      {
        topic: 'sample.v1',
        key: thread,
        id: `${thread.slice(0, 10)}${String(seq).padStart(16, '0')}`,
        value: JSON.stringify({ seq }),
      },
    ]);
    if (random() < 0.3) await after(random() * 8);
    if (random() < 0.05) throw new Error('changed our mind');
  });
}

const threadName = (i: number): string => `THREAD${String(i).padStart(4, '0')}`.padEnd(26, 'X');

/** What the outbox promises where the bus is not the database itself. */
export function outboxSuite(dialect: Dialect): void {
  describe(`the outbox and its relay on ${dialect}`, () => {
    let place: Place;
    const threads = Array.from({ length: 12 }, (_, i) => threadName(i));

    beforeEach(async () => {
      place = await makePlace(dialect);
      const storage = await place.open();
      await storage.database.transaction((tx) =>
        tx.insertMany(
          'sample_threads',
          ['id'],
          threads.map((thread) => [thread]),
        ),
      );
    });
    afterEach(() => place.remove());

    const left = async (storage: OpenStorage): Promise<number> => (await storage.relay.stats()).backlog;
    const expected = async (storage: OpenStorage): Promise<number> => {
      const [row] = await storage.database.query<{ s: number }>('SELECT SUM(last_seq) AS s FROM sample_threads');
      return row!.s;
    };

    async function write(storage: OpenStorage, times: number, random: () => number): Promise<void> {
      const writer = async (): Promise<void> => {
        for (let i = 0; i < times; i++)
          await say(storage, threads[Math.floor(random() * threads.length)]!, random).catch(() => undefined);
      };
      await Promise.all(Array.from({ length: 8 }, writer));
    }

    test(`concurrent writers, a bus that fails now and then: each key in order, nothing lost (seed ${SEED})`, async () => {
      const random = seeded(SEED);
      const storage = await place.open({ relay: FAST });
      const broker = new Broker();
      storage.relay.start(async (records) => {
        await after(random() * 4);
        for (const record of records) {
          // A failure may come after some of the batch has been taken.
          if (random() < 0.01) throw new Error('the broker went away');
          broker.take(record);
        }
      });
      await write(storage, 40, random);
      await until(async () => (await left(storage)) === 0);
      expect(broker.disorder).toEqual([]);
      expect(broker.total).toBe(await expected(storage));
      expect(broker.total).toBeGreaterThan(200);
      await storage.relay.stop();
    });

    test(`two relays share the shards and hand them over without disorder (seed ${SEED})`, async () => {
      const random = seeded(SEED + 1);
      const stores = await Promise.all([place.open({ relay: FAST }), place.open({ relay: FAST })]);
      const broker = new Broker();
      const sentBy = [0, 0];
      const start = (i: number): void =>
        stores[i]!.relay.start(async (records) => {
          await after(random() * 3);
          sentBy[i]! += records.length;
          for (const record of records) broker.take(record);
        });
      start(0);
      const writing = Promise.all([write(stores[0], 30, random), write(stores[1], 30, random)]);
      await until(() => sentBy[0]! > 20);
      start(1);
      await writing;
      // Both are at it now; then the first ends and the second does all.
      const more = write(stores[1], 30, random);
      await until(async () => {
        await write(stores[1], 1, random);
        return sentBy[1]! > 0;
      });
      await stores[0].relay.stop();
      const before = sentBy[0];
      await more;
      await until(async () => (await left(stores[1])) === 0);
      expect(sentBy[0]).toBe(before);
      expect(broker.disorder).toEqual([]);
      expect(broker.total).toBe(await expected(stores[1]));
      await stores[1].relay.stop();
    });

    test(`two processes write in turn and one of them sends, which has nothing else to do: in order, nothing left behind (seed ${SEED})`, async () => {
      const random = seeded(SEED + 2);
      const stores = await Promise.all([place.open({ relay: FAST }), place.open({ relay: FAST })]);
      const broker = new Broker();
      stores[0].relay.start(async (records) => {
        await after(random() * 2);
        for (const record of records) broker.take(record);
      });
      for (let i = 0; i < 200; i++) {
        const storage = stores[random() < 0.7 ? 0 : 1];
        await say(storage, threads[Math.floor(random() * 3)]!, random).catch(() => undefined);
        if (random() < 0.5) await after(random() * 6);
      }
      await until(async () => (await left(stores[0])) === 0);
      expect(broker.disorder).toEqual([]);
      expect(broker.total).toBe(await expected(stores[0]));
      await stores[0].relay.stop();
    });

    test('shards are shared fairly among those alive, and taken over from one that died', async () => {
      const clock = new FakeClock();
      const options: RelayOptions = { pollMs: 10, leaseMs: 90 };
      const stores = await Promise.all([0, 1, 2].map(() => place.open({ clock, relay: options })));
      for (const storage of stores) storage.relay.start(async () => undefined);
      const shares = async (): Promise<number[]> => {
        const rows = await stores[0]!.database.query<{ c: number }>(
          `SELECT COUNT(*) AS c FROM sample_leases WHERE name LIKE 'outbox/shard/%' AND owner <> '' GROUP BY owner ORDER BY c`,
        );
        return rows.map((row) => row.c);
      };
      await until(async () => (await shares()).join() === '5,5,6');
      await stores[2]!.relay.stop();
      await until(async () => (await shares()).join() === '8,8');
      await stores[1]!.relay.stop();
      await until(async () => (await shares()).join() === '16');
      // One that dies without a word: a member row and leases that nobody renews.
      await stores[0]!.relay.stop();
      await stores[0]!.database.transaction(async (tx) => {
        await tx.execute(`UPDATE sample_leases SET owner = 'dead', expires_at = ? WHERE name LIKE 'outbox/shard/%'`, [
          '2026-11-23 12:00:05.000',
        ]);
      });
      const late = await place.open({ clock, relay: options });
      late.relay.start(async () => undefined);
      await after(50);
      expect(await shares()).toEqual([16]);
      clock.advance(5_001);
      await until(async () => {
        const rows = await late.database.query(
          `SELECT name FROM sample_leases WHERE name LIKE 'outbox/shard/%' AND owner = 'dead'`,
        );
        return rows.length === 0;
      });
      await late.relay.stop();
    });

    test('shards that an owner lets go are taken at once, not when leases are renewed the next time', async () => {
      // Renewed every 11 s: at the first time the owner sees that another has come; two times more would be too late.
      const relay: RelayOptions = { leaseMs: 33_000 };
      const stores = await Promise.all([place.open({ relay }), place.open({ relay })]);
      const broker = new Broker();
      const send = async (records: readonly OutboxRecord[]): Promise<void> => {
        for (const record of records) broker.take(record);
      };
      stores[0].relay.start(send);
      for (const thread of threads) await say(stores[0], thread, () => 0.9);
      await until(() => broker.total === threads.length);
      stores[1].relay.start(send);
      await until(async () => {
        const rows = await stores[0].database.query<{ c: number }>(
          `SELECT COUNT(*) AS c FROM sample_leases WHERE name LIKE 'outbox/shard/%' AND owner <> '' GROUP BY owner`,
        );
        return rows.map((row) => row.c).join() === '8,8';
      });
      for (const thread of threads) await say(stores[0], thread, () => 0.9);
      await until(() => broker.total === 2 * threads.length);
      expect(broker.disorder).toEqual([]);
    });

    test('an owner that was held up wakes late and only repeats', async () => {
      const clock = new FakeClock();
      const [slow, fast] = await Promise.all([
        place.open({ clock, relay: { pollMs: 5, leaseMs: 150 } }),
        place.open({ clock, relay: { pollMs: 5, leaseMs: 150 } }),
      ]);
      const broker = new Broker();
      const held = new Gate();
      const inside = new Gate();
      let late = 0;
      for (let i = 0; i < 3; i++) await say(slow, threads[0]!, () => 0.9);
      slow.relay.start(async (records) => {
        inside.open();
        await held.opened;
        late += records.length;
        for (const record of records) broker.take(record);
      });
      await inside.opened;
      // Its leases run out while it hangs; the other process's are renewed by the time that passes.
      const ticking = setInterval(() => clock.advance(20), 5);
      await slow.database.transaction((tx) =>
        tx.execute(
          `UPDATE sample_leases SET owner = 'gone', expires_at = '2026-11-23 11:00:00.000' WHERE name LIKE 'outbox/%'`,
        ),
      );
      fast.relay.start(async (records) => {
        for (const record of records) broker.take(record);
      });
      await until(() => broker.total === 3);
      await say(fast, threads[0]!, () => 0.9);
      held.open();
      await until(async () => late > 0 && (await left(fast)) === 0);
      clearInterval(ticking);
      expect(broker.disorder).toEqual([]);
      expect(broker.total).toBe(4);
    });

    test('a bus that refuses keeps everything, says so, and is tried again; commits do not hurry it', async () => {
      const storage = await place.open({ relay: { pollMs: 5 } });
      const broker = new Broker();
      let down = true;
      let tries = 0;
      const began = performance.now();
      storage.relay.start(async (records) => {
        tries++;
        if (down) throw new Error('no broker');
        for (const record of records) broker.take(record);
      });
      for (let i = 0; i < 20; i++) await say(storage, threads[i % 4]!, () => 0.9);
      await until(() => storage.relay.trouble() !== null);
      expect(storage.relay.trouble()).toContain('no broker');
      // The pauses are at least 50, 100, 200 … ms in each of two groups, however many commits come in between.
      expect(tries).toBeLessThanOrEqual(2 * (2 + Math.log2((performance.now() - began) / 50 + 1)));
      expect(await left(storage)).toBe(20);
      down = false;
      await until(async () => (await left(storage)) === 0);
      expect(broker.disorder).toEqual([]);
      expect(broker.total).toBe(20);
      await until(() => storage.relay.trouble() === null);
    });

    // SQLite has one writer at a time.
    if (dialect === 'mysql')
      test('what is sent and cannot be deleted yet holds nothing up, and is not sent again', async () => {
        const [storage, other] = await Promise.all([place.open({ relay: { pollMs: 5 } }), place.open()]);
        const broker = new Broker();
        let sent = 0;
        const held = new Gate();
        await say(storage, threads[0]!, () => 0.9);
        const holding = other.database.transaction(async (tx) => {
          await tx.query('SELECT n FROM sample_outbox FOR UPDATE');
          storage.relay.start(async (records) => {
            sent += records.length;
            for (const record of records) broker.take(record);
          });
          await held.opened;
        });
        await until(() => broker.total === 1);
        for (let i = 2; i <= 5; i++) {
          await say(storage, threads[0]!, () => 0.9);
          await until(() => broker.total === i);
        }
        expect(await left(storage)).toBe(5);
        held.open();
        await holding;
        await until(async () => (await left(storage)) === 0);
        expect([sent, broker.disorder]).toEqual([5, []]);
      });

    test('stop sends what is there and lets the shards go at once', async () => {
      const [first, second] = await Promise.all([place.open(), place.open()]);
      const broker = new Broker();
      first.relay.start(async (records) => {
        await after(2);
        for (const record of records) broker.take(record);
      });
      for (let i = 0; i < 10; i++) await say(first, threads[0]!, () => 0.9);
      await first.relay.stop();
      expect(broker.total).toBe(10);
      await say(second, threads[0]!, () => 0.9);
      second.relay.start(async (records) => {
        for (const record of records) broker.take(record);
      });
      await until(() => broker.total === 11, 2_000);
    });

    test('a record too large for the bus fails its transaction', async () => {
      const storage = await place.open();
      const huge = { topic: 'sample.v1', key: 'k', id: idOf('E', 1), value: 'x'.repeat(900_001) };
      await expect(storage.database.transaction((tx) => storage.outbox.add(tx, [huge]))).rejects.toThrow('too large');
    });
  });
}
