import { textFrame } from '@huiliu/platform';
import type { InboxEntry } from './inbox-feed';
import type { Frame } from './domain/frame-of';

interface Cached {
  readonly data: string;
  seq: string;
  bytes: Buffer;
}

/** So many records' frames are kept: sockets are near one another in the feed, live and replaying alike. */
const MOST_KEPT = 1_024;

/** Serialises each record once, and makes the bytes of the wire once for everyone who gets it with the same `seq`. */
export class FrameCache {
  private readonly byEntry = new Map<InboxEntry, Cached>();
  private last: InboxEntry | undefined;
  private lastCached: Cached | undefined;

  bytesOf(entry: InboxEntry, frame: Frame, seq: string): Buffer {
    // Depends on the viewer: not shared, and small.
    if (frame.type === 'conversation.removed') return textFrame(frameText(seq, frame.type, JSON.stringify(frame.data)));
    // Live, everyone gets the same record in turn.
    const cached = entry === this.last ? this.lastCached : this.byEntry.get(entry);
    if (cached?.seq === seq) return cached.bytes;
    const data = cached?.data ?? JSON.stringify(frame.data);
    const bytes = textFrame(frameText(seq, frame.type, data));
    if (cached === undefined && this.byEntry.size >= MOST_KEPT)
      this.byEntry.delete(this.byEntry.keys().next().value as InboxEntry);
    this.last = entry;
    this.lastCached = { data, seq, bytes };
    this.byEntry.set(entry, this.lastCached);
    return bytes;
  }
}

/** A frame's text. `data` is JSON text already. */
export function frameText(seq: string | null, type: Frame['type'], data: string): string {
  return `{"seq":${JSON.stringify(seq)},"type":"${type}","data":${data}}`;
}
