import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const Entry = z.discriminatedUnion('type', [
  /** One entry of what `sync_msg` lists. */
  z.object({ type: z.literal('item'), customer: z.string(), item: z.record(z.string(), z.unknown()) }),
  z.object({ type: z.literal('state'), customer: z.string(), state: z.number(), servicer: z.string().nullable() }),
  /** What an account sent; `body` as it was given. */
  z.object({
    type: z.literal('sent'),
    customer: z.string(),
    atMs: z.number(),
    msgid: z.string(),
    kind: z.string(),
    text: z.string(),
    mediaUrl: z.string().nullable(),
    body: z.unknown(),
    /** It counts against the five. */
    counts: z.boolean(),
  }),
]);
export type Entry = z.infer<typeof Entry>;

/** Where a line of the journal begins, and its length, in bytes. */
export interface Place {
  readonly at: number;
  readonly bytes: number;
}

const END = 0x0a;

function entryIn(line: Buffer): Entry | null {
  try {
    return Entry.parse(JSON.parse(line.toString('utf8')));
  } catch {
    return null;
  }
}

/**
 * What the real platform keeps whatever becomes of us: a file that lines are added to. So messages that wait to be pulled outlive the
 * process, which in one process with the product ends when that does; and so they take no memory.
 */
export class Journal {
  private readonly file: string;
  private size = 0;

  constructor(private readonly folder: string) {
    this.file = join(folder, 'journal.jsonl');
  }

  /** Everything so far, each with its place. */
  read(): { readonly entry: Entry; readonly place: Place }[] {
    let whole: Buffer;
    try {
      whole = readFileSync(this.file);
    } catch {
      return [];
    }
    // The last line of a process that was killed: what comes next begins a line of its own.
    if (whole.at(-1) !== END) {
      appendFileSync(this.file, '\n');
      whole = Buffer.concat([whole, Buffer.of(END)]);
    }
    const found: { entry: Entry; place: Place }[] = [];
    for (let end = whole.indexOf(END); end >= 0; end = whole.indexOf(END, this.size)) {
      const place = { at: this.size, bytes: end - this.size };
      this.size = end + 1;
      const entry = entryIn(whole.subarray(place.at, end));
      if (entry !== null) found.push({ entry, place });
    }
    return found;
  }

  add(entry: Entry): Place {
    mkdirSync(this.folder, { recursive: true });
    const line = JSON.stringify(entry);
    appendFileSync(this.file, `${line}\n`);
    const place = { at: this.size, bytes: Buffer.byteLength(line) };
    this.size += place.bytes + 1;
    return place;
  }

  /** The entries at these places. */
  at(places: readonly Place[]): Entry[] {
    if (places.length === 0) return [];
    const file = openSync(this.file, 'r');
    try {
      return places.map(({ at, bytes }) => {
        const line = Buffer.alloc(bytes);
        readSync(file, line, 0, bytes, at);
        return Entry.parse(JSON.parse(line.toString('utf8')));
      });
    } finally {
      closeSync(file);
    }
  }
}
