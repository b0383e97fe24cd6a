import type { InboxEntry } from './inbox-feed';
import type { Frame } from './domain/frame-of';

interface Cached {
  readonly data: string;
  seq: string;
  text: string;
}

/** So many records' texts are kept: sockets are near one another in the feed, live and replaying alike. */
const MOST_KEPT = 1_024;

/** Serialises each record once for everyone who gets it with the same `seq`, and turns each text into bytes once. */
export class FrameCache {
  private readonly byEntry = new Map<InboxEntry, Cached>();
  private lastText = '';
  private lastBytes: Buffer = Buffer.alloc(0);

  textOf(entry: InboxEntry, frame: Frame, seq: string): string {
    // Depends on the viewer: not shared, and small.
    if (frame.type === 'conversation.removed') return frameText(seq, frame.type, JSON.stringify(frame.data));
    const cached = this.byEntry.get(entry);
    if (cached?.seq === seq) return cached.text;
    const data = cached?.data ?? JSON.stringify(frame.data);
    const text = frameText(seq, frame.type, data);
    if (cached === undefined && this.byEntry.size >= MOST_KEPT)
      this.byEntry.delete(this.byEntry.keys().next().value as InboxEntry);
    this.byEntry.set(entry, { data, seq, text });
    return text;
  }

  bytesOf(text: string): Buffer {
    if (text !== this.lastText) {
      this.lastText = text;
      this.lastBytes = Buffer.from(text, 'utf8');
    }
    return this.lastBytes;
  }
}

/** A frame on the wire. `data` is JSON text already. */
export function frameText(seq: string | null, type: Frame['type'], data: string): string {
  return `{"seq":${JSON.stringify(seq)},"type":"${type}","data":${data}}`;
}
