import type { InboxEvent } from '@huiliu/contracts';
import { FeedStream, type Feed, type FeedSink } from '@huiliu/bus';
import { newId, textFrame, type FrameLine } from '@huiliu/platform';
import type { Frame } from './domain/frame-of';
import { frameText, type FrameCache } from './frame-cache';
import type { InboxEntry } from './inbox-feed';

/** Codes with which a socket is closed. */
export const CLOSE = { binary: 1003, tooSlow: 1013, signedOut: 4401 } as const;

/** Bytes that may wait for a client outside the record. */
const MAX_WAITING = 1024 * 1024;

/** One agent's open socket: their part of the feed, and frames outside the record. */
export class AgentSocket implements FeedSink<Buffer> {
  readonly id = newId();
  readonly stream: FeedStream<InboxEvent['data'], Buffer>;
  /** When a `typing` was last passed on, by conversation. */
  readonly typingAt = new Map<string, number>();

  constructor(
    private readonly line: FrameLine,
    readonly agentId: string,
    readonly tokenHash: string,
    frames: FrameCache,
    feed: Feed<InboxEvent['data']>,
    frameFor: (socket: AgentSocket, entry: InboxEntry) => Frame | null,
  ) {
    this.stream = new FeedStream(feed, this, (entry, seq) => {
      const frame = frameFor(this, entry);
      return frame === null ? null : frames.bytesOf(entry, frame, seq);
    });
    line.ws.on('close', () => this.stream.close());
  }

  /** A frame with the socket's place in the feed: `hello` and `reload`. */
  tell(type: 'hello' | 'reload', data: object = {}): void {
    this.send(textFrame(frameText(this.stream.seq, type, JSON.stringify(data))));
  }

  /** A frame outside the record. */
  say(type: 'pong' | 'typing' | 'error', data: object): void {
    this.send(textFrame(frameText(null, type, JSON.stringify(data))));
    if (this.buffered() > MAX_WAITING) this.tooSlow();
  }

  send(frame: Buffer): void {
    this.line.send(frame);
  }

  buffered(): number {
    return this.line.buffered;
  }

  flushed(): Promise<void> {
    return this.line.flushed();
  }

  tooSlow(): void {
    this.close(CLOSE.tooSlow, 'too slow');
  }

  close(code: number, reason: string): void {
    this.stream.close();
    this.line.close(code, reason);
  }
}
