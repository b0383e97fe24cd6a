import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import type { TailRecord } from '../bus';
import { Feed, type FeedCursor, type FeedOptions } from './feed';
import { FeedStream } from './feed-stream';

const NOW = 1_000_000;
const KB = 1024;

const rec = (offset: number, size = 10, key = 'k', partition = 0, occurredAtMs = NOW): TailRecord<string> => ({
  topic: 't.v1',
  partition,
  offset: String(offset),
  occurredAtMs,
  envelope: {
    id: '0'.repeat(26),
    type: 'x',
    v: 1,
    key,
    occurredAt: new Date(occurredAtMs).toISOString(),
    traceparent: null,
    data: `${partition}:${offset} ${'您'.repeat(size)}`,
  },
});

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Bytes that are held once everything that nobody asks for has gone: buffers go beside the program, some collections later. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let least = Infinity;
  for (let unchanged = 0; unchanged < 5;) {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    const held = heapUsed + arrayBuffers;
    unchanged = held < least - KB ? 0 : unchanged + 1;
    least = Math.min(least, held);
  }
  return least;
}

/** Everything that waits for a client, as it is read in pieces. */
function drain(cursor: FeedCursor<string>): { data: string; seq: string }[] | null {
  const out: { data: string; seq: string }[] = [];
  for (;;) {
    const entries = cursor.pending(50);
    if (entries === null) return null;
    if (entries.length === 0) return out;
    for (const entry of entries) {
      const seq = cursor.take(entry);
      if (seq !== null) out.push({ data: entry.record.envelope.data, seq });
    }
  }
}

describe('the ring', () => {
  let folder: string;
  const open: Feed<string>[] = [];
  const feed = (options: Partial<FeedOptions<string>> = {}): Feed<string> => {
    const made = new Feed<string>({ generation: 'g1', nowMs: () => NOW, folder, ...options });
    open.push(made);
    return made;
  };
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'huiliu-ring-'));
  });
  afterEach(() => {
    for (const one of open.splice(0)) one.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('holds no more bytes in memory than its bound, and resumes everything all the same', () => {
    const f = feed({ maxBytes: 100 * KB });
    f.push([rec(0)]);
    const start = f.position();
    for (const n of range(1, 3_001)) {
      f.push([rec(n, 500)]);
      expect(f.bytes.memory).toBeLessThanOrEqual(100 * KB);
    }
    expect(f.size).toBe(3_001);
    expect(f.bytes.files).toBeGreaterThan(3 * 1024 * KB);
    const got = drain(f.resume(start)!)!;
    expect(got.map(({ data }) => data)).toEqual(range(1, 3_001).map((n) => rec(n, 500).envelope.data));
    expect(got.at(-1)!.seq).toBe(f.position());
  });

  it('answers every client as one without bounds does, whatever the sizes, the bounds and the partitions', () => {
    const records = fc.array(
      fc.record({
        partition: fc.nat(2),
        size: fc.nat(400),
        key: fc.constantFrom('a', 'b'),
        at: fc.integer({ min: NOW - 2_000, max: NOW }),
      }),
      { minLength: 1, maxLength: 80 },
    );
    fc.assert(
      fc.property(
        records,
        fc.integer({ min: 0, max: 20 * KB }),
        fc.integer({ min: 1, max: 60 }),
        (said, maxBytes, keepRecords) => {
          const bounds = { keepMs: 1_000, keepRecords };
          const [bounded, free] = [feed({ ...bounds, maxBytes }), feed({ ...bounds, maxBytes: Infinity })];
          const places = [bounded.position()];
          const offsets = [0, 0, 0];
          for (const { partition, size, key, at } of said) {
            for (const f of [bounded, free]) f.push([rec(offsets[partition]!, size, key, partition, at)]);
            offsets[partition]!++;
            places.push(bounded.position());
          }
          expect(bounded.bytes.memory).toBeLessThanOrEqual(maxBytes);
          const answer = (f: Feed<string>, seq: string, key: string | null): string[] | null => {
            const cursor = f.resume(seq, key);
            return cursor === null ? null : (drain(cursor)?.map(({ data }) => data) ?? null);
          };
          for (const seq of places)
            for (const key of [null, 'a', 'b']) expect(answer(bounded, seq, key)).toEqual(answer(free, seq, key));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('makes what it let go of again from the text it was given, as the feed was told to', () => {
    const told = (text: string | Uint8Array): TailRecord<string>['envelope'] => ({
      ...rec(0).envelope,
      data: `told ${typeof text === 'string' ? text : Buffer.from(text).toString()}`,
    });
    for (const maxBytes of [1, 100_000 * KB]) {
      const f = feed({ maxBytes, read: told });
      f.push([rec(0)]);
      const start = f.position();
      const bytes = (n: number): Buffer => Buffer.from(`您 ${n}`);
      f.push(range(1, 3_001).map((n) => ({ ...rec(n), text: n % 2 === 0 ? bytes(n) : String(bytes(n)) })));
      const heard = drain(f.resume(start)!)!.map(({ data }) => data);
      expect(heard.slice(0, 1_000)).toEqual(range(1, 1_001).map((n) => `told 您 ${n}`));
    }
  });

  it('holds less than a hundred bytes of a record that lies in a file', () => {
    const f = feed({ maxBytes: 10 * KB });
    f.push(range(0, 1_000).map((n) => rec(n)));
    const before = heldBytes();
    for (const n of range(1_000, 50_000)) f.push([rec(n)]);
    expect((heldBytes() - before) / 49_000).toBeLessThan(100);
    expect(f.size).toBe(50_000);
  });

  it('lays down and forgets in turn, over and over, and answers for what is left', () => {
    const f = feed({ maxBytes: 10 * KB, maxRecords: 3_000, keepRecords: 10 });
    f.push([rec(0)]);
    const before = f.position();
    f.push(range(1, 20_000).map((n) => rec(n, n % 90, `k${n % 3}`)));
    expect(f.size).toBe(3_000);
    expect(f.resume(before)).toBeNull();
    const late = f.position();
    f.push(range(20_000, 22_000).map((n) => rec(n, n % 90, `k${n % 3}`)));
    const own = range(20_000, 22_000).filter((n) => n % 3 === 1);
    expect(drain(f.resume(late, 'k1')!)!.map(({ data }) => data)).toEqual(own.map((n) => rec(n, n % 90).envelope.data));
  });

  it('gives a client of one key its own records alone, and goes on live', () => {
    const f = feed({ maxBytes: 10 * KB });
    const start = f.position();
    f.push(range(0, 300).map((n) => rec(n, 100, n % 7 === 0 ? 'mine' : `other ${n}`)));
    const cursor = f.resume(start, 'mine');
    // Before anything was read of a partition nobody can tell what comes first in it.
    const own = (cursor === null ? null : drain(cursor)) ?? [];
    expect(own.map(({ data }) => Number(/:(\d+)/.exec(data)![1]))).toEqual(range(0, 300).filter((n) => n % 7 === 0));
    expect(cursor!.pending(10)).toEqual([]);
    f.push([rec(300, 1, 'other'), rec(301, 1, 'mine')]);
    expect(drain(cursor!)!.map(({ data }) => data)).toEqual([rec(301, 1).envelope.data]);
  });

  it('forgets the oldest where there is no folder: who comes from before loads afresh, others resume', () => {
    const f = feed({ maxBytes: 10 * KB, folder: undefined });
    f.push([rec(0)]);
    const before = f.position();
    f.push(range(1, 100).map((n) => rec(n, 500)));
    expect(f.bytes).toEqual({ memory: expect.any(Number), files: 0 });
    expect(f.bytes.memory).toBeLessThanOrEqual(10 * KB);
    expect(f.resume(before)).toBeNull();
    const late = f.position();
    f.push([rec(100, 500)]);
    expect(drain(f.resume(late)!)!.map(({ data }) => data)).toEqual([rec(100, 500).envelope.data]);
  });

  it('holds no more on disk than its bound, and gives back what nobody can ask for', () => {
    const f = feed({ maxBytes: 100 * KB, maxFileBytes: 80 * 1024 * KB });
    for (const n of range(0, 400)) f.push([rec(n, 100_000)]);
    expect(f.bytes.files).toBeLessThanOrEqual(80 * 1024 * KB);
    expect(f.bytes.files).toBeGreaterThan(32 * 1024 * KB);
    expect(f.size).toBeLessThan(400);
    const g = feed({ maxBytes: 100 * KB, keepRecords: 10, keepMs: 0 });
    for (const n of range(0, 400)) g.push([rec(n, 100_000, 'k', 0, NOW - 1)]);
    expect(g.size).toBe(10);
    expect(g.bytes.files).toBeLessThanOrEqual(64 * 1024 * KB);
  });

  it('leaves no file with a name, and none at all when it is closed', () => {
    const f = feed({ maxBytes: 1 });
    f.push([rec(0, 1_000)]);
    expect(f.bytes.files).toBeGreaterThan(3_000);
    expect(readdirSync(folder)).toEqual([]);
    f.close();
    expect(f.bytes.files).toBe(0);
  });

  it('says that a disk takes nothing, stays within its bound and goes on live', () => {
    const file = path.join(folder, 'no folder');
    writeFileSync(file, '');
    const troubles: unknown[] = [];
    const f = feed({ maxBytes: 10 * KB, folder: file, onTrouble: (error) => troubles.push(error) });
    f.push([rec(0)]);
    const before = f.position();
    const heard: string[] = [];
    f.listen((entry) => heard.push(entry.record.offset));
    f.push(range(1, 100).map((n) => rec(n, 500)));
    expect(heard).toEqual(range(1, 100).map(String));
    expect(troubles.length).toBeGreaterThan(0);
    expect(f.bytes.memory).toBeLessThanOrEqual(10 * KB);
    expect(f.resume(before)).toBeNull();
  });

  it('resumes a client through large records without more of them waiting for the network than its bound and one', async () => {
    const f = feed({ maxBytes: 100 * KB });
    f.push([rec(0)]);
    const start = f.position();
    f.push(range(1, 200).map((n) => rec(n, 30_000)));
    let waiting = 0;
    let most = 0;
    let sent = 0;
    const sink = {
      send: (frame: string): void => {
        waiting += frame.length;
        most = Math.max(most, waiting);
        sent++;
      },
      buffered: () => waiting,
      flushed: () => Promise.resolve(void (waiting = 0)),
      tooSlow: () => undefined,
    };
    const stream = new FeedStream(f, sink, (entry) => entry.record.envelope.data, { replayBuffered: 50_000 });
    expect(await stream.resume(start)).toBe(true);
    expect(sent).toBe(199);
    expect(most).toBeLessThan(50_000 + 31_000);
  });
});
