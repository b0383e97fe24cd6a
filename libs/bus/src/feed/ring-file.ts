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
/** Stands between a text and its place in the feed. */
const LINE_END = 10;

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

  /** Lays texts down, each behind its place in the feed and a line's end; throws when the disk does not take them, and has then laid down none. */
  append(texts: readonly { readonly seq: string; readonly text: string | Uint8Array }[]): Place[] {
    const part = this.room();
    const places: Place[] = [];
    let most = 0;
    // What a string takes in UTF-8 is known once it is written; it is never more than this.
    for (const { seq, text } of texts)
      most += seq.length + 1 + (typeof text === 'string' ? 3 * text.length : text.length);
    const bytes = Buffer.allocUnsafe(most);
    let length = 0;
    for (const { seq, text } of texts) {
      const from = length;
      length += bytes.write(seq, length, 'latin1');
      bytes[length++] = LINE_END;
      if (typeof text === 'string') length += bytes.write(text, length);
      else {
        bytes.set(text, length);
        length += text.length;
      }
      places.push({ part: part.number, at: part.size + from, bytes: length - from });
    }
    write(part.fd, bytes.subarray(0, length), part.size);
    this.total += length;
    part.size += length;
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
