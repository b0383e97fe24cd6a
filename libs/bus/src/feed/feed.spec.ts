import fc from 'fast-check';
import type { TailRecord } from '../bus';
import { Feed, type FeedCursor } from './feed';
import { decodePosition, encodePosition, generationMark } from './feed-position';
import { FeedStream } from './feed-stream';

const rec = (partition: number, offset: number, occurredAtMs = 1_000_000): TailRecord<string> => ({
  topic: 't.v1',
  partition,
  offset: String(offset),
  occurredAtMs,
  envelope: {
    id: '0'.repeat(26),
    type: 'x',
    v: 1,
    key: 'k',
    occurredAt: new Date(occurredAtMs).toISOString(),
    traceparent: null,
    data: `${partition}:${offset}`,
  },
});

const drain = (cursor: FeedCursor<string>): { data: string; seq: string }[] => {
  const out: { data: string; seq: string }[] = [];
  for (const entry of cursor.pending(1_000_000) ?? []) {
    const seq = cursor.take(entry);
    if (seq !== null) out.push({ data: entry.record.envelope.data, seq });
  }
  return out;
};

const feed = (nowMs = 1_000_000, keepRecords?: number): Feed<string> =>
  new Feed<string>({ generation: 'g1', nowMs: () => nowMs, ...(keepRecords === undefined ? {} : { keepRecords }) });

describe('positions', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        fc.integer({ min: 0, max: 4e12 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 999 }), fc.bigInt({ min: 0n, max: 2n ** 62n })), { maxLength: 20 }),
        (generation, instance, startedAtMs, pairs) => {
          const positions = new Map(pairs);
          const text = encodePosition(generationMark(generation), instance, startedAtMs, positions);
          expect(decodePosition(text)).toEqual({
            generation: generationMark(generation),
            instance,
            startedAtMs,
            positions,
          });
        },
      ),
    );
  });

  it('never throw on what no feed has written', () => {
    const valid = encodePosition(
      generationMark('g1'),
      7,
      1000,
      new Map([
        [0, 5n],
        [3, 900n],
      ]),
    );
    fc.assert(fc.property(fc.string(), (text) => decodePosition(text) === null || typeof text === 'string'));
    for (let n = 0; n < valid.length; n++) expect(decodePosition(valid.slice(0, n))).toBeNull();
    expect(decodePosition('A'.repeat(5000))).toBeNull();
    expect(decodePosition('%%%')).toBeNull();
    expect(feed().resume('AAAA')).toBeNull();
  });
});

describe('Feed', () => {
  it('resumes after the position and shares one seq among readers that keep up', () => {
    const f = feed();
    f.push([rec(0, 0), rec(0, 1)]);
    const a = f.attach();
    const b = f.attach();
    expect(a.pending(10)).toEqual([]);
    f.push([rec(1, 0), rec(0, 2)]);
    const got = drain(a);
    expect(got.map((x) => x.data)).toEqual(['1:0', '0:2']);
    expect(drain(b)).toEqual(got);
    expect(drain(f.resume(got[0]?.seq as string) as FeedCursor<string>).map((x) => x.data)).toEqual(['0:2']);
    expect(drain(f.resume(f.position()) as FeedCursor<string>)).toEqual([]);
  });

  it('refuses another life of the topic and what the ring no longer holds', () => {
    const f = feed(10_000_000, 3);
    f.push([rec(0, 0)]);
    const old = f.position();
    f.push([rec(0, 1), rec(0, 2), rec(0, 3), rec(0, 4)]);
    expect(f.size).toBe(3);
    expect(f.resume(old)).toBeNull();
    const other = new Feed<string>({ generation: 'g2' });
    other.push([rec(0, 0)]);
    expect(other.resume(f.position())).toBeNull();
  });

  it('keeps young records beyond the count', () => {
    const f = feed(1_000_000, 2);
    f.push([0, 1, 2, 3, 4].map((n) => rec(0, n)));
    expect(f.size).toBe(5);
  });

  it('holds no more than its limit, and moves past what nobody here may see', () => {
    const f = new Feed<string>({ generation: 'g1', nowMs: () => 1_000_000, keepRecords: 1, maxRecords: 3 });
    f.push([0, 1, 2, 3, 4].map((n) => rec(0, n)));
    expect(f.size).toBe(3);
    const g = feed();
    g.push([rec(0, 0)]);
    const start = g.position();
    g.push([rec(0, 1), rec(1, 0), rec(0, 2)], (r) => r.envelope.data !== '0:1');
    expect(drain(g.resume(start) as FeedCursor<string>).map((x) => x.data)).toEqual(['1:0', '0:2']);
  });

  it('leaves unread what nobody looks at, and gives it whole to who comes back', () => {
    const read: string[] = [];
    const f = new Feed<string>({
      generation: 'g1',
      nowMs: () => 1_000_000,
      read: (text) => {
        read.push(String(text));
        return { ...rec(0, 0).envelope, data: String(text) };
      },
    });
    const lying = (offset: number, key: string): TailRecord<string> => {
      const { topic, partition, occurredAtMs } = rec(0, offset);
      const place = { topic, partition, offset: String(offset), occurredAtMs, unread: key, text: `${key}/${offset}` };
      return {
        ...place,
        get envelope(): never {
          throw new Error('nobody asked');
        },
      };
    };
    const seen: string[] = [];
    f.push([lying(0, 'a')]);
    const start = f.position();
    const stop = f.listen(({ record }) => {
      if (record.unread === 'a') seen.push(record.envelope.data, record.envelope.data);
    });
    f.push([lying(1, 'a'), lying(2, 'b'), lying(3, 'a')]);
    stop();
    f.push([lying(4, 'b'), lying(5, 'a')]);
    expect(seen).toEqual(['a/1', 'a/1', 'a/3', 'a/3']);
    expect(read).toEqual(['a/1', 'a/3']);
    const back = f.resume(start, 'b') as FeedCursor<string>;
    expect(drain(back).map(({ data }) => data)).toEqual(['b/2', 'b/4']);
    expect(drain(f.resume(start, 'a') as FeedCursor<string>).map(({ data }) => data)).toEqual(['a/1', 'a/3', 'a/5']);
  });

  it('reads again what was live, once for all who come back', () => {
    const read: string[] = [];
    const f = new Feed<string>({
      generation: 'g1',
      nowMs: () => 1_000_000,
      read: (text) => {
        read.push(String(text));
        return JSON.parse(String(text)) as TailRecord<string>['envelope'];
      },
    });
    f.push([rec(0, 0)]);
    const start = f.position();
    f.push([rec(0, 1), rec(0, 2)]);
    expect(read).toEqual([]);
    for (let nth = 0; nth < 3; nth++)
      expect(drain(f.resume(start) as FeedCursor<string>).map(({ data }) => data)).toEqual(['0:1', '0:2']);
    // The first, too, which all of them had: it is passed over.
    expect(read.map((text) => (JSON.parse(text) as { data: string }).data)).toEqual(['0:0', '0:1', '0:2']);
  });

  it('passes over records read twice', () => {
    const f = feed();
    f.push([rec(0, 0), rec(0, 0), rec(0, 1), rec(0, 0)]);
    expect(f.size).toBe(2);
  });

  it('a client that hops between processes gets every record once, each partition in order', () => {
    const interleaving = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(interleaving, fc.infiniteStream(fc.integer({ min: 0, max: 99 })), (partitions, choices) => {
        const next = (bound: number): number => (choices.next().value as number) % bound;
        // The log, partition by partition, and two feeds that read it in orders of their own; both begin with an empty topic.
        const logs: TailRecord<string>[][] = [[], [], []];
        for (const p of partitions) (logs[p] as TailRecord<string>[]).push(rec(p, (logs[p] as unknown[]).length));
        const feeds = [feed(), feed()] as const;
        const read = [
          [0, 0, 0],
          [0, 0, 0],
        ];
        const step = (which: number): boolean => {
          const open = [0, 1, 2].filter(
            (p) => ((read[which] as number[])[p] as number) < (logs[p] as unknown[]).length,
          );
          if (open.length === 0) return false;
          const p = open[next(open.length)] as number;
          const at = (read[which] as number[])[p] as number;
          (read[which] as number[])[p] = at + 1;
          (feeds[which] as Feed<string>).push([logs[p]?.[at] as TailRecord<string>]);
          return true;
        };
        // All partitions are known to both before the client comes: what is not is told to load afresh.
        for (const which of [0, 1])
          for (const p of [0, 1, 2])
            if ((logs[p] as unknown[]).length > 0) {
              feeds[which]?.push([logs[p]?.[0] as TailRecord<string>]);
              (read[which] as number[])[p] = 1;
            }
        let at = 0;
        let cursor = feeds[0].attach();
        const got: string[] = [];
        const take = (): void => void got.push(...drain(cursor).map((x) => x.data));
        for (let i = 0; i < 60; i++) {
          step(next(2));
          if (next(3) === 0) take();
          if (next(4) === 0) {
            at = 1 - at;
            const resumed = (feeds[at] as Feed<string>).resume(cursor.seq);
            expect(resumed).not.toBeNull();
            cursor = resumed as FeedCursor<string>;
          }
        }
        for (const which of [0, 1]) while (step(which));
        take();
        const expected = logs.flatMap((log) => log.slice(1).map((r) => r.envelope.data));
        expect([...got].sort()).toEqual([...expected].sort());
        for (const p of [0, 1, 2]) {
          const mine = got.filter((d) => d.startsWith(`${p}:`)).map((d) => Number(d.slice(2)));
          expect(mine).toEqual([...mine].sort((x, y) => x - y));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('after a restart a client resumes into partitions whose first record came while it was away', () => {
    const before = feed(2_000_000);
    before.push([rec(0, 0, 1_999_000)]);
    const seq = before.position();
    const after = feed(2_100_000);
    after.push([rec(0, 0, 1_999_000), rec(1, 0, 2_050_000)]);
    expect(drain(after.resume(seq) as FeedCursor<string>).map((x) => x.data)).toEqual(['1:0']);
    // A partition that the client never knew and that does not begin here cannot be told apart: load afresh.
    const odd = feed(2_100_000);
    odd.push([rec(0, 0, 1_999_000), rec(1, 17, 2_050_000)]);
    expect(odd.resume(seq)).toBeNull();
    // One that only the client knows may have had records before what was loaded here.
    expect(feed(2_100_000).resume(seq)).toBeNull();
  });
});

describe('FeedStream', () => {
  const sink = (limit = Infinity) => {
    const sent: string[] = [];
    const state = { buffered: 0, slow: 0, flushes: 0 };
    return {
      sent,
      state,
      send: (frame: string) => {
        sent.push(frame);
        state.buffered += limit === Infinity ? 0 : frame.length;
      },
      buffered: () => state.buffered,
      flushed: () => {
        state.flushes++;
        state.buffered = 0;
        return Promise.resolve();
      },
      tooSlow: () => void state.slow++,
    };
  };

  it('replays, then goes on live without gap or double while records arrive in between', async () => {
    const f = feed();
    f.push([rec(0, 0)]);
    const start = f.position();
    f.push(Array.from({ length: 1000 }, (_, i) => rec(0, i + 1)));
    const out = sink(1);
    const stream = new FeedStream(f, out, (entry) => entry.record.envelope.data, { replayBuffered: 100 });
    f.listen((entry) => stream.offer(entry));
    const resumed = stream.resume(start);
    f.push([rec(0, 1001)]);
    expect(await resumed).toBe(true);
    f.push([rec(0, 1002)]);
    expect(out.sent).toEqual(Array.from({ length: 1002 }, (_, i) => `0:${i + 1}`));
    expect(out.state.flushes).toBeGreaterThan(0);
  });

  it('is live only behind all that was missed, however it ends', async () => {
    const f = feed();
    f.push([rec(0, 0)]);
    const start = f.position();
    f.push(Array.from({ length: 1000 }, (_, i) => rec(0, i + 1)));
    const out = sink(1);
    const stream = new FeedStream(f, out, (entry) => entry.record.envelope.data, { replayBuffered: 100 });
    await stream.live();
    void stream.resume(start);
    await stream.live();
    expect(out.sent).toHaveLength(1000);
    void stream.resume(start);
    void stream.resume(start);
    await stream.live();
    expect(out.sent.at(-1)).toBe('0:1000');
    void stream.resume(start);
    stream.close();
    await stream.live();
  });

  it('ends a slow client and never skips', () => {
    const f = feed();
    const out = sink(1);
    const stream = new FeedStream(f, out, (entry) => entry.record.envelope.data.padEnd(100), { maxBuffered: 250 });
    f.listen((entry) => stream.offer(entry));
    f.push([rec(0, 0), rec(0, 1), rec(0, 2), rec(0, 3), rec(0, 4)]);
    expect(out.state.slow).toBe(1);
    expect(out.sent.length).toBe(3);
  });

  it('a position that cannot be resumed leaves the stream live', async () => {
    const f = feed();
    const out = sink();
    const stream = new FeedStream(f, out, (entry) => entry.record.envelope.data);
    f.listen((entry) => stream.offer(entry));
    expect(await stream.resume('nonsense')).toBe(false);
    f.push([rec(0, 0)]);
    expect(out.sent).toEqual(['0:0']);
  });
});
