import { open, readdir, readFile, rm, rmdir, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decodeFrames, encodeFrame, type SpoolRecord } from './spool-frames';
import { SpoolOwner } from './spool-owner';

export interface SpoolOptions {
  /** `<dataDir>/spool/<app>`: every process keeps a folder of its own in it. */
  readonly root: string;
  readonly maxBytes?: number;
  readonly segmentBytes?: number;
}

export class SpoolFull extends Error {
  constructor() {
    super('the spool takes no more');
  }
}

/** A spool that could not be written is tried so often: while it says so nothing is sent here, so nothing else would notice that it can again. */
const TRY_AGAIN_MS = 1_000;
/** More than one block of a file system, so that there is room for a record, too. */
const TRIAL = Buffer.alloc(64 * 1024);

interface Segment {
  readonly path: string;
  bytes: number;
  readonly adopted: boolean;
}

interface Waiting {
  readonly frame: Buffer;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What counts as one line of order. */
export const lineOf = (record: Pick<SpoolRecord, 'topic' | 'key'>): string => `${record.topic}\u0000${record.key}`;

/**
 * Records on disk that the bus has not taken: appended with fsync (those that come together share one), read back in order, and left
 * behind by a dead process to the next one. After a crash a record may come twice; its envelope id stays the same.
 */
export class Spool {
  private readonly owner: SpoolOwner;
  private readonly maxBytes: number;
  private readonly segmentBytes: number;
  private readonly lines = new Map<string, number>();
  private segments: Segment[] = [];
  private writer: { handle: FileHandle; segment: Segment } | null = null;
  private nextSegment = 1;
  private waiting: Waiting[] = [];
  private flushing: Promise<void> | null = null;
  private reading: { segment: Segment; records: SpoolRecord[]; at: number } | null = null;
  private bytes = 0;
  private claimed = false;
  private broken: string | null = null;
  private trying: NodeJS.Timeout | null = null;

  constructor(options: SpoolOptions) {
    this.owner = new SpoolOwner(options.root);
    this.maxBytes = options.maxBytes ?? 256 * 1024 * 1024;
    this.segmentBytes = options.segmentBytes ?? 4 * 1024 * 1024;
  }

  /** Makes this process's folder and takes over those of dead processes. Answers how many records were taken over. */
  async open(): Promise<number> {
    await this.owner.claim();
    this.claimed = true;
    return this.adopt();
  }

  /** Takes over what processes that died since have left. */
  async adopt(): Promise<number> {
    let records = 0;
    for (const dir of await this.owner.adopt()) {
      const names = (await readdir(dir)).filter((name) => name.endsWith('.log')).sort();
      if (names.length === 0) await removeFolder(dir);
      for (const name of names) {
        const path = join(dir, name);
        const content = decodeFrames(await readFile(path));
        for (const record of content.records) this.count(lineOf(record), 1);
        records += content.records.length;
        const segment = { path, bytes: (await stat(path)).size, adopted: true };
        this.bytes += segment.bytes;
        // Older than anything of ours that is still unsent, but never before what is being read.
        const after = this.segments.findIndex((one, n) => !one.adopted && !(n === 0 && this.reading !== null));
        this.segments.splice(after < 0 ? this.segments.length : after, 0, segment);
      }
    }
    return records;
  }

  get empty(): boolean {
    return this.lines.size === 0;
  }

  /** Whether records of this line of order are in the spool (or on their way into it). */
  holds(line: string): boolean {
    return this.lines.has(line);
  }

  /** Null while it can take more, else why not. */
  trouble(): string | null {
    if (!this.claimed) return 'the spool is not open';
    return this.bytes >= this.maxBytes ? 'the spool is full' : this.broken;
  }

  /** Resolves when the records are on disk. Throws `SpoolFull`, or what the disk says. */
  append(records: readonly SpoolRecord[]): Promise<void> {
    const frame = Buffer.concat(records.map(encodeFrame));
    if (!this.claimed || this.bytes + frame.length > this.maxBytes) return Promise.reject(new SpoolFull());
    this.bytes += frame.length;
    for (const record of records) this.count(lineOf(record), 1);
    return new Promise<void>((resolve, reject) => {
      this.waiting.push({
        frame,
        resolve,
        reject: (error) => {
          this.bytes -= frame.length;
          for (const record of records) this.count(lineOf(record), -1);
          reject(error);
        },
      });
      this.flushing ??= this.flush();
    });
  }

  /** The next records in order, at most `limit`; the same ones until `done`. Empty when there are none. */
  async next(limit: number): Promise<readonly SpoolRecord[]> {
    while (this.reading === null) {
      const segment = this.segments[0];
      if (segment === undefined) return [];
      // What is being written is read only once nothing more is added to it.
      if (this.writer?.segment === segment) {
        while (this.flushing !== null) await this.flushing;
        await this.closeWriter();
      }
      const { records } = decodeFrames(await readFile(segment.path));
      if (records.length === 0) await this.drop(segment);
      else this.reading = { segment, records, at: 0 };
    }
    return this.reading.records.slice(this.reading.at, this.reading.at + limit);
  }

  /** The bus has taken the first `count` records of what `next` answered. */
  async done(count: number): Promise<void> {
    const reading = this.reading;
    if (reading === null) return;
    for (const record of reading.records.slice(reading.at, reading.at + count)) this.count(lineOf(record), -1);
    reading.at += count;
    if (reading.at < reading.records.length) return;
    this.reading = null;
    await this.drop(reading.segment);
  }

  async close(): Promise<void> {
    if (this.trying !== null) clearTimeout(this.trying);
    while (this.flushing !== null) await this.flushing;
    await this.closeWriter();
    await this.owner.release(this.empty && this.segments.length === 0);
    this.claimed = false;
  }

  private count(line: string, by: number): void {
    const count = (this.lines.get(line) ?? 0) + by;
    if (count > 0) this.lines.set(line, count);
    else this.lines.delete(line);
  }

  private async flush(): Promise<void> {
    // Those that come in the same turn share one fsync.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        await this.write(Buffer.concat(batch.map((one) => one.frame)));
        this.broken = null;
        for (const one of batch) one.resolve();
      } catch (error) {
        this.broken = `the spool cannot be written (${(error as NodeJS.ErrnoException).code ?? 'error'})`;
        this.tryLater();
        for (const one of batch) one.reject(error as Error);
      }
    }
    // Cleared in the turn in which nothing waited: what comes next starts a flush of its own.
    this.flushing = null;
  }

  private tryLater(): void {
    if (!this.claimed || this.trying !== null) return;
    this.trying = setTimeout(() => {
      this.trying = null;
      this.tryNow().then(
        () => (this.broken = null),
        () => this.tryLater(),
      );
    }, TRY_AGAIN_MS).unref();
  }

  private async tryNow(): Promise<void> {
    const path = join(this.owner.dir, 'trial');
    try {
      await writeFile(path, TRIAL, { flush: true });
    } finally {
      await rm(path, { force: true });
    }
  }

  private async write(bytes: Buffer): Promise<void> {
    if (this.writer !== null && this.writer.segment.bytes >= this.segmentBytes) await this.closeWriter();
    this.writer ??= await this.startSegment();
    const { handle, segment } = this.writer;
    try {
      let at = 0;
      while (at < bytes.length)
        at += (await handle.write(bytes, at, bytes.length - at, segment.bytes + at)).bytesWritten;
      await handle.datasync();
      segment.bytes += bytes.length;
    } catch (error) {
      // Whatever part of it is on disk was never acknowledged, and nothing may be written behind it.
      await handle.truncate(segment.bytes).catch(() => undefined);
      await this.closeWriter();
      throw error;
    }
  }

  private async startSegment(): Promise<{ handle: FileHandle; segment: Segment }> {
    const path = join(this.owner.dir, `${String(this.nextSegment++).padStart(10, '0')}.log`);
    const handle = await open(path, 'wx');
    try {
      // The file's name must survive a crash as well as its bytes.
      const folder = await open(this.owner.dir, 'r');
      await folder.sync().finally(() => folder.close());
    } catch (error) {
      await handle.close();
      throw error;
    }
    const segment: Segment = { path, bytes: 0, adopted: false };
    this.segments.push(segment);
    return { handle, segment };
  }

  private async closeWriter(): Promise<void> {
    const writer = this.writer;
    this.writer = null;
    await writer?.handle.close().catch(() => undefined);
  }

  private async drop(segment: Segment): Promise<void> {
    this.segments = this.segments.filter((one) => one !== segment);
    this.bytes = Math.max(0, this.bytes - segment.bytes);
    await rm(segment.path, { force: true });
    if (!segment.adopted || this.segments.some((one) => dirname(one.path) === dirname(segment.path))) return;
    await removeFolder(dirname(segment.path));
  }
}

/** Removes an adopted folder that holds no records; one that still holds others' folders stays until these are drained. */
async function removeFolder(dir: string): Promise<void> {
  if ((await readdir(dir)).some((name) => name.startsWith('adopted-'))) return;
  await rm(join(dir, 'owner.json'), { force: true });
  await rmdir(dir).catch(() => undefined);
}
