import { closeSync, mkdirSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import path from 'node:path';
import { newId } from '@huiliu/platform';

/** A file of the ring, and how much of it is still asked for. */
interface Part {
  readonly number: number;
  readonly fd: number;
  size: number;
  /** Texts in it that were not released. */
  live: number;
}

/** Where a text lies. */
export interface Place {
  /** The number of the file. */
  readonly part: number;
  readonly at: number;
  readonly bytes: number;
}

/** A part is given back as a whole, once nothing in it is asked for. */
const PART_BYTES = 32 * 1024 * 1024;

/**
 * What a ring has no room for in memory: texts one after the other, in files that lose their name when they are opened, so that they go with the
 * process however it ends. Written and read at once and not synced: they are in the system's cache, and a copy of what the topic holds.
 */
export class RingFile {
  private readonly parts = new Map<number, Part>();
  private last: Part | null = null;
  private total = 0;

  constructor(private readonly folder: string) {}

  /** Bytes on disk. */
  get bytes(): number {
    return this.total;
  }

  /** Lays texts down; throws when the disk does not take them, and has then laid down none. */
  append(texts: readonly Buffer[]): Place[] {
    const part = this.room();
    const places: Place[] = [];
    let at = part.size;
    for (const text of texts) {
      places.push({ part: part.number, at, bytes: text.length });
      at += text.length;
    }
    write(part.fd, Buffer.concat(texts), part.size);
    this.total += at - part.size;
    part.size = at;
    part.live += texts.length;
    return places;
  }

  read({ part, at, bytes }: Place): Buffer {
    const { fd } = this.parts.get(part)!;
    const text = Buffer.allocUnsafe(bytes);
    for (let done = 0; done < bytes;) {
      const count = readSync(fd, text, done, bytes - done, at + done);
      if (count === 0) throw new Error('the ring file is shorter than what was written to it');
      done += count;
    }
    return text;
  }

  /** A text that is asked for no more. */
  release({ part: number }: Place): void {
    const part = this.parts.get(number)!;
    part.live--;
    if (part.live === 0 && part !== this.last) this.drop(part);
  }

  close(): void {
    for (const part of this.parts.values()) this.drop(part);
    this.last = null;
  }

  private drop(part: Part): void {
    this.parts.delete(part.number);
    this.total -= part.size;
    closeSync(part.fd);
  }

  /** The part that is written to. */
  private room(): Part {
    const { last } = this;
    if (last !== null && last.size < PART_BYTES) return last;
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const file = path.join(this.folder, `${newId()}.ring`);
    const part = { number: (last?.number ?? 0) + 1, fd: openSync(file, 'wx+', 0o600), size: 0, live: 0 };
    this.parts.set(part.number, part);
    this.last = part;
    unlinkSync(file);
    if (last?.live === 0) this.drop(last);
    return part;
  }
}

function write(fd: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done, at + done);
}
