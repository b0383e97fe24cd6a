import { transformFileSync } from '@swc/core';
import fc from 'fast-check';
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { eventually } from '@huiliu/testing';
import { Spool, SpoolFull } from './spool';
import { decodeFrames, encodeFrame, type SpoolRecord } from './spool-frames';

const rec = (n: number, key = 'k'): SpoolRecord => ({ topic: 't.v1', key, value: `{"n":${n},"text":"你好"}` });
const numbers = (records: readonly SpoolRecord[]): number[] =>
  records.map((record) => (JSON.parse(record.value) as { n: number }).n);

async function drain(spool: Spool, step = 7): Promise<number[]> {
  const out: number[] = [];
  for (;;) {
    const records = await spool.next(step);
    if (records.length === 0) return out;
    out.push(...numbers(records));
    await spool.done(records.length);
  }
}

describe('frames', () => {
  it('what is torn off at any byte loses nothing before it', () => {
    const whole = [1, 2, 3].map((n) => rec(n));
    const bytes = Buffer.concat(whole.map(encodeFrame));
    const ends = whole.map((_, n) => Buffer.concat(whole.slice(0, n + 1).map(encodeFrame)).length);
    for (let at = 0; at <= bytes.length; at++) {
      const expected = ends.filter((end) => end <= at).length;
      expect(decodeFrames(bytes.subarray(0, at)).records).toEqual(whole.slice(0, expected));
    }
  });

  it('whatever follows, what was written is read', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ topic: fc.string(), key: fc.string(), value: fc.string() }), { maxLength: 5 }),
        fc.uint8Array({ maxLength: 30 }),
        (records, rubbish) => {
          const { records: read } = decodeFrames(Buffer.concat([...records.map(encodeFrame), rubbish]));
          expect(read.slice(0, records.length)).toEqual(records);
        },
      ),
    );
  });
});

describe('Spool', () => {
  let root: string;
  beforeEach(async () => void (root = await mkdtemp(join(tmpdir(), 'huiliu-spool-'))));
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('gives back in order what was appended, also while more is appended', async () => {
    const spool = new Spool({ root, segmentBytes: 300 });
    await spool.open();
    await Promise.all(Array.from({ length: 50 }, (_, n) => spool.append([rec(n)])));
    expect(numbers(await spool.next(3))).toEqual([0, 1, 2]);
    await spool.done(3);
    const [out] = await Promise.all([
      drain(spool),
      ...Array.from({ length: 50 }, (_, n) => spool.append([rec(50 + n)])),
    ]);
    expect([...out, ...(await drain(spool))]).toEqual(Array.from({ length: 97 }, (_, n) => n + 3));
    expect(spool.empty).toBe(true);
    await spool.close();
    expect(await readdir(root)).toEqual([]);
  });

  it('knows which lines of order it holds', async () => {
    const spool = new Spool({ root });
    await spool.open();
    const appended = spool.append([rec(1, 'a'), rec(2, 'b')]);
    expect(spool.holds('t.v1\u0000a')).toBe(true);
    await appended;
    await spool.next(1);
    await spool.done(1);
    expect([spool.holds('t.v1\u0000a'), spool.holds('t.v1\u0000b')]).toEqual([false, true]);
    await spool.close();
  });

  it('takes no more than it may, and again once there is room', async () => {
    const spool = new Spool({ root, maxBytes: 200 });
    await spool.open();
    await spool.append([rec(1), rec(2)]);
    await expect(spool.append(Array.from({ length: 9 }, (_, n) => rec(n)))).rejects.toBeInstanceOf(SpoolFull);
    expect(await drain(spool)).toEqual([1, 2]);
    await spool.append([rec(3)]);
    expect(await drain(spool)).toEqual([3]);
    expect(spool.trouble()).toBeNull();
    await spool.close();
  });

  it('says when the disk does not take it, and acknowledges nothing then', async () => {
    const spool = new Spool({ root });
    await spool.open();
    await spool.append([rec(1)]);
    await drain(spool);
    await rm(root, { recursive: true });
    await expect(spool.append([rec(2)])).rejects.toMatchObject({ code: 'ENOENT' });
    expect(spool.trouble()).toContain('cannot be written');
    expect(spool.empty).toBe(true);
    await spool.close();
  });

  it('is well again by itself when the disk takes it', async () => {
    const spool = new Spool({ root });
    await spool.open();
    await rename(root, `${root}.away`);
    await expect(spool.append([rec(1)])).rejects.toMatchObject({ code: 'ENOENT' });
    expect(spool.trouble()).toContain('cannot be written');
    await rename(`${root}.away`, root);
    await eventually('it is well', () => spool.trouble() === null);
    await spool.append([rec(2)]);
    expect(await drain(spool)).toEqual([2]);
    await spool.close();
    expect(await readdir(root)).toEqual([]);
  });

  /** The folder of a process that is dead: no process has this number. */
  async function deadProcess(name: string, records: readonly SpoolRecord[]): Promise<string> {
    const dir = join(root, name);
    await mkdir(dir);
    await writeFile(
      join(dir, 'owner.json'),
      JSON.stringify({ host: (await import('node:os')).hostname(), pid: 2 ** 22 + 1, started: '1' }),
    );
    await writeFile(join(dir, '0000000001.log'), Buffer.concat(records.map(encodeFrame)));
    return dir;
  }

  it('takes over what a dead process left, torn tail and all, before its own', async () => {
    const dir = await deadProcess('1-aa', [rec(1), rec(2)]);
    await appendFile(join(dir, '0000000001.log'), encodeFrame(rec(3)).subarray(0, 11));
    const spool = new Spool({ root });
    expect(await spool.open()).toBe(2);
    expect(spool.holds('t.v1\u0000k')).toBe(true);
    await spool.append([rec(10)]);
    expect(await drain(spool)).toEqual([1, 2, 10]);
    await spool.close();
    expect(await readdir(root)).toEqual([]);
  });

  it('two processes never share: one of them takes over, the living are left alone', async () => {
    await deadProcess('1-aa', [rec(1)]);
    const spools = [new Spool({ root }), new Spool({ root })];
    const found = await Promise.all(spools.map((spool) => spool.open()));
    expect(found.sort()).toEqual([0, 1]);
    expect(await Promise.all(spools.map((spool) => spool.adopt()))).toEqual([0, 0]);
    expect((await Promise.all(spools.map((spool) => drain(spool)))).flat()).toEqual([1]);
    await Promise.all(spools.map((spool) => spool.close()));
  });

  it('what a dead process had taken over itself is not lost', async () => {
    const outer = await deadProcess('2-bb', [rec(2)]);
    const inner = await deadProcess('adopted-1-aa', [rec(1)]);
    const { rename } = await import('node:fs/promises');
    await rename(inner, join(outer, 'adopted-1-aa'));
    const spool = new Spool({ root });
    expect(await spool.open()).toBe(2);
    expect(await drain(spool)).toEqual([1, 2]);
    await spool.close();
    expect(await readdir(root)).toEqual([]);
  });

  it('survives kill -9: all that was acknowledged is there, in order, once', async () => {
    const build = await mkdtemp(join(tmpdir(), 'huiliu-spool-build-'));
    const platform = join(build, 'node_modules/@huiliu/platform');
    await mkdir(platform, { recursive: true });
    for (const [source, output] of [
      ...['spool', 'spool-frames', 'spool-owner'].map((name) => [`${name}.ts`, join(build, `${name}.js`)] as const),
      // All that the spool needs of the platform.
      ['../../../platform/src/breakage.ts', join(platform, 'index.js')] as const,
    ]) {
      const { code } = transformFileSync(join(__dirname, source), {
        configFile: false,
        swcrc: false,
        module: { type: 'commonjs' },
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      });
      await writeFile(output, code);
    }
    await writeFile(
      join(build, 'child.js'),
      `const { Spool } = require('./spool');
       (async () => {
         const spool = new Spool({ root: process.argv[2], segmentBytes: 2000 });
         await spool.open();
         for (let n = 0; ; n += 3) {
           await Promise.all([0, 1, 2].map((i) => spool.append([{ topic: 't.v1', key: 'k', value: JSON.stringify({ n: n + i }) }]).then(() => process.stdout.write((n + i) + '\\n'))));
         }
       })();`,
    );
    try {
      for (let round = 0; round < 3; round++) {
        const acknowledged = await untilKilled(
          spawn(process.execPath, [join(build, 'child.js'), root], { stdio: ['ignore', 'pipe', 'inherit'] }),
          40 + round * 37,
        );
        expect(acknowledged.length).toBeGreaterThan(0);
        const spool = new Spool({ root });
        await spool.open();
        const found = await drain(spool, 50);
        expect(found.slice(0, acknowledged.length)).toEqual(acknowledged);
        expect(found).toEqual(Array.from({ length: found.length }, (_, n) => n));
        await spool.close();
      }
    } finally {
      await rm(build, { recursive: true, force: true });
    }
  });

  it('a cut file gives what is whole', async () => {
    const dir = await deadProcess('1-aa', [rec(1), rec(2), rec(3)]);
    const path = join(dir, '0000000001.log');
    await truncate(path, (await readFile(path)).length - 4);
    const spool = new Spool({ root });
    expect(await spool.open()).toBe(2);
    expect(await drain(spool)).toEqual([1, 2]);
    await spool.close();
  });
});

/** Kills a child once it has acknowledged so many records; what it had acknowledged by then, in order. */
async function untilKilled(child: ChildProcess, count: number): Promise<number[]> {
  const acknowledged: number[] = [];
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  lines.on('line', (line) => {
    acknowledged.push(Number(line));
    if (acknowledged.length === count) child.kill('SIGKILL');
  });
  await Promise.all([exited, new Promise((resolve) => lines.once('close', resolve))]);
  return acknowledged;
}
