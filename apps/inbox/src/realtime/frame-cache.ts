import { Latest, textFrame } from '@huiliu/platform';
import type { InboxEntry } from './inbox-feed';
import type { Frame } from './domain/frame-of';

interface Cached {
  readonly data: string;
  readonly seq: string;
  readonly bytes: Buffer;
}

/** So many frames of records that are replayed are kept, and no more than so many bytes: replaying sockets are near one another in the feed. */
const MOST_KEPT = 1_024;
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * Serialises each record once, and makes the bytes of the wire once for everyone who gets it with the same `seq`. Of what is live the last alone
 * is kept: everyone gets it in turn, and all that is kept is copied by the next collections of young garbage.
 */
export class FrameCache {
  private readonly replayed = new Latest<number, Cached>(MOST_KEPT, MOST_BYTES);
  private live: { readonly index: number; readonly cached: Cached } | undefined;

  /** `newest`: the last record of the feed. It is live, what lies before it is replayed. */
  constructor(private readonly newest: () => number) {}

  bytesOf(entry: InboxEntry, frame: Frame, seq: string): Buffer {
    // Depends on the viewer: not shared, and small.
    if (frame.type === 'conversation.removed') return textFrame(frameText(seq, frame.type, JSON.stringify(frame.data)));
    const { index } = entry;
    const cached = index === this.live?.index ? this.live.cached : this.replayed.get(index);
    if (cached?.seq === seq) return cached.bytes;
    const data = cached?.data ?? JSON.stringify(frame.data);
    const made = { data, seq, bytes: textFrame(frameText(seq, frame.type, data)) };
    if (index === this.newest()) this.live = { index, cached: made };
    // A string has up to two bytes a character.
    else this.replayed.add(index, made, 2 * data.length + made.bytes.length);
    return made.bytes;
  }
}

/** A frame's text. `data` is JSON text already. */
export function frameText(seq: string | null, type: Frame['type'], data: string): string {
  return `{"seq":${JSON.stringify(seq)},"type":"${type}","data":${data}}`;
}
