import type { InboxEvent } from '@huiliu/contracts';
import { FeedStream, type Feed, type FeedSink } from '@huiliu/bus';
import { newId } from '@huiliu/platform';
import { WebSocket } from 'ws';
import type { Frame } from './domain/frame-of';
import { frameText, type FrameCache } from './frame-cache';
import type { InboxEntry } from './inbox-feed';

/** Codes with which a socket is closed. */
export const CLOSE = { binary: 1003, tooSlow: 1013, signedOut: 4401 } as const;

/** Bytes that may wait for a client outside the record. */
const MAX_WAITING = 1024 * 1024;

/** One agent's open socket: their part of the feed, and frames outside the record. */
export class AgentSocket implements FeedSink {
  readonly id = newId();
  readonly stream: FeedStream<InboxEvent['data']>;
  /** When a `typing` was last passed on, by conversation. */
  readonly typingAt = new Map<string, number>();
  private outstanding = 0;
  private waiting: (() => void)[] = [];

  constructor(
    private readonly ws: WebSocket,
    readonly agentId: string,
    readonly tokenHash: string,
    private readonly frames: FrameCache,
    feed: Feed<InboxEvent['data']>,
    frameFor: (socket: AgentSocket, entry: InboxEntry) => Frame | null,
  ) {
    this.stream = new FeedStream(feed, this, (entry, seq) => {
      const frame = frameFor(this, entry);
      return frame === null ? null : frames.textOf(entry, frame, seq);
    });
    ws.on('close', () => {
      this.stream.close();
      this.release();
    });
  }

  /** A frame with the socket's place in the feed: `hello` and `reload`. */
  tell(type: 'hello' | 'reload', data: object = {}): void {
    this.send(frameText(this.stream.seq, type, JSON.stringify(data)));
  }

  /** A frame outside the record. */
  say(type: 'pong' | 'typing' | 'error', data: object): void {
    this.send(frameText(null, type, JSON.stringify(data)));
    if (this.buffered() > MAX_WAITING) this.tooSlow();
  }

  send(frame: string): void {
    if (this.ws.readyState !== WebSocket.OPEN) return;
    this.outstanding++;
    this.ws.send(this.frames.bytesOf(frame), { binary: false }, () => {
      if (--this.outstanding === 0) this.release();
    });
  }

  buffered(): number {
    return this.ws.bufferedAmount;
  }

  flushed(): Promise<void> {
    if (this.outstanding === 0 || this.ws.readyState !== WebSocket.OPEN) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  tooSlow(): void {
    this.close(CLOSE.tooSlow, 'too slow');
  }

  close(code: number, reason: string): void {
    this.stream.close();
    this.ws.close(code, reason);
  }

  private release(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}
