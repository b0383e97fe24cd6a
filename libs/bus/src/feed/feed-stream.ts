import { breaks } from '@huiliu/platform';
import type { Feed, FeedCursor, FeedEntry } from './feed';

/** Where frames go: a socket. `F`: how a frame is written, as text or as the bytes of the wire. */
export interface FeedSink<F = string> {
  send(frame: F): void;
  /** Bytes accepted by `send` and not yet handed to the network. */
  buffered(): number;
  /** Resolves when what was sent so far has left, or the socket has closed. */
  flushed(): Promise<void>;
  /** Too slow to follow: never skipped, closed with 1013. */
  tooSlow(): void;
}

export interface FeedStreamOptions {
  /** A live socket that has more than this waiting is too slow. */
  readonly maxBuffered?: number;
  /** While replaying, wait for the network beyond this. */
  readonly replayBuffered?: number;
  /** The client is concerned by the records of this key alone: others are not read for it. */
  readonly key?: string;
}

const CHUNK = 256;

/**
 * Sends one client its part of a feed: live, or after `resume` everything since, in order, then live again. `frameOf` decides when
 * a frame is sent whether the client may see it (null: not), replayed and live alike.
 */
export class FeedStream<T, F = string> {
  private cursor: FeedCursor<T>;
  /** Counts resumes: a replay that another one overtook ends. */
  private replay = 0;
  private replaying = false;
  private running: Promise<unknown> = Promise.resolve();
  private closed = false;
  private readonly maxBuffered: number;
  private readonly replayBuffered: number;
  private readonly key: string | null;

  constructor(
    private readonly feed: Feed<T>,
    private readonly sink: FeedSink<F>,
    private readonly frameOf: (entry: FeedEntry<T>, seq: string) => F | null,
    options: FeedStreamOptions = {},
  ) {
    this.key = options.key ?? null;
    this.cursor = feed.attach(this.key);
    this.maxBuffered = options.maxBuffered ?? 1024 * 1024;
    this.replayBuffered = options.replayBuffered ?? 256 * 1024;
  }

  /** Where the client stands; of a new stream: where its feed begins. */
  get seq(): string {
    return this.cursor.seq;
  }

  /** A live record that may concern this client. */
  offer(entry: FeedEntry<T>): void {
    if (this.closed || this.replaying) return;
    const skips = breaks('slow-page');
    if (skips && this.sink.buffered() > this.maxBuffered) return;
    this.deliver(entry);
    if (!skips && this.sink.buffered() > this.maxBuffered) this.end();
  }

  /** Goes back to `seq`. Resolves to false when that cannot be resumed (the stream then goes on live), else true when live again. */
  resume(seq: string): Promise<boolean> {
    const running = this.replayFrom(seq);
    this.running = running;
    return running;
  }

  /** Resolves when no replay is on its way: what is said then comes behind everything that was missed. */
  async live(): Promise<void> {
    while (this.replaying && !this.closed) await this.running;
  }

  close(): void {
    this.closed = true;
  }

  private async replayFrom(seq: string): Promise<boolean> {
    const cursor = this.feed.resume(seq, this.key);
    if (cursor === null) return false;
    const mine = ++this.replay;
    this.cursor = cursor;
    this.replaying = true;
    while (!this.closed && mine === this.replay) {
      const entries = cursor.pending(CHUNK);
      if (entries === null) {
        this.end();
        break;
      }
      if (entries.length === 0) {
        this.replaying = false;
        break;
      }
      for (const entry of entries) {
        this.deliver(entry);
        if (this.sink.buffered() > this.replayBuffered) await this.sink.flushed();
        if (this.closed || mine !== this.replay) break;
      }
      // A long way back is not gone in one turn: others wait.
      await new Promise((next) => setImmediate(next));
    }
    return true;
  }

  private deliver(entry: FeedEntry<T>): void {
    const seq = this.cursor.take(entry);
    if (seq === null) return;
    const frame = this.frameOf(entry, seq);
    if (frame !== null) this.sink.send(frame);
  }

  private end(): void {
    this.closed = true;
    this.sink.tooSlow();
  }
}
