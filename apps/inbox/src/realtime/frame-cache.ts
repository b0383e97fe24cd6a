import { Latest, textFrame } from '@huiliu/platform';
import type { InboxEntry } from './inbox-feed';
import type { Frame } from './domain/frame-of';

interface Cached {
  readonly data: string;
  readonly seq: string;
  readonly bytes: Buffer;
}

/** So many records' frames are kept, and no more than so many bytes: sockets are near one another in the feed, live and replaying alike. */
const MOST_KEPT = 1_024;
const MOST_BYTES = 8 * 1024 * 1024;

/** Serialises each record once, and makes the bytes of the wire once for everyone who gets it with the same `seq`. */
export class FrameCache {
  private readonly byIndex = new Latest<number, Cached>(MOST_KEPT, MOST_BYTES);
  private last: number | undefined;
  private lastCached: Cached | undefined;

  bytesOf(entry: InboxEntry, frame: Frame, seq: string): Buffer {
    // Depends on the viewer: not shared, and small.
    if (frame.type === 'conversation.removed') return textFrame(frameText(seq, frame.type, JSON.stringify(frame.data)));
    // Live, everyone gets the same record in turn.
    const cached = entry.index === this.last ? this.lastCached : this.byIndex.get(entry.index);
    if (cached?.seq === seq) return cached.bytes;
    const data = cached?.data ?? JSON.stringify(frame.data);
    const bytes = textFrame(frameText(seq, frame.type, data));
    this.last = entry.index;
    this.lastCached = { data, seq, bytes };
    // A string has up to two bytes a character.
    this.byIndex.add(entry.index, this.lastCached, 2 * data.length + bytes.length);
    return bytes;
  }
}

/** A frame's text. `data` is JSON text already. */
export function frameText(seq: string | null, type: Frame['type'], data: string): string {
  return `{"seq":${JSON.stringify(seq)},"type":"${type}","data":${data}}`;
}
