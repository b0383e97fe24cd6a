import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
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

/**
 * What the real platform keeps whatever becomes of us: a file that lines are added to. So messages that wait to be pulled outlive the
 * process, which in one process with the product ends when that does.
 */
export class Journal {
  private readonly file: string;

  constructor(private readonly folder: string) {
    this.file = join(folder, 'journal.jsonl');
  }

  read(): Entry[] {
    let text: string;
    try {
      text = readFileSync(this.file, 'utf8');
    } catch {
      return [];
    }
    return text.split('\n').flatMap((line) => {
      try {
        return [Entry.parse(JSON.parse(line))];
      } catch {
        // The last line of a process that was killed.
        return [];
      }
    });
  }

  add(entry: Entry): void {
    mkdirSync(this.folder, { recursive: true });
    appendFileSync(this.file, `${JSON.stringify(entry)}\n`);
  }
}
