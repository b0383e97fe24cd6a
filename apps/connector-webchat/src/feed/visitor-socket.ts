import type { Feed, FeedEntry, FeedSink } from '@huiliu/bus';
import { FeedStream } from '@huiliu/bus';
import { WebSocket } from 'ws';
import type { VisitorMessage } from '@huiliu/contracts';
import type { Visitor } from '../tokens';
import type { VisitorFact } from './visitor-feed';

const MOST_UNREAD = 500;

/** The parts of a frame that are the same for all who get it. */
const bodies = new WeakMap<object, string>();

function bodyOf(fact: NonNullable<VisitorFact>): string {
  let body = bodies.get(fact);
  if (body === undefined) bodies.set(fact, (body = `"type":"${fact.type}","data":${JSON.stringify(fact.message)}}`));
  return body;
}

/** One open page of a visitor. */
export class VisitorSocket implements FeedSink {
  readonly stream: FeedStream<VisitorFact>;
  /** Messages of ours that this page has got and not yet said to have shown. */
  private unread: string[] = [];

  constructor(
    private readonly ws: WebSocket,
    readonly visitor: Visitor,
    feed: Feed<VisitorFact>,
    private readonly got: (message: VisitorMessage) => void,
  ) {
    this.stream = new FeedStream(feed, this, (entry, seq) => this.frameOf(entry, seq), {
      maxBuffered: 512 * 1024,
      replayBuffered: 128 * 1024,
      key: visitor.conversationId,
    });
  }

  /** A frame outside the record, or `hello` and `reload` with where the feed stands. */
  tell(type: 'hello' | 'reload' | 'pong' | 'typing' | 'error', data: unknown): void {
    const seq = type === 'hello' || type === 'reload' ? this.stream.seq : null;
    this.send(JSON.stringify({ seq, type, data }));
  }

  /** What the page has now seen: everything of ours up to this message. */
  seenUpTo(messageId: string): string[] {
    const at = this.unread.indexOf(messageId);
    return at < 0 ? [messageId] : this.unread.splice(0, at + 1);
  }

  close(code: number, reason: string): void {
    this.stream.close();
    this.ws.close(code, reason);
  }

  send(frame: string): void {
    if (this.ws.readyState === WebSocket.OPEN) this.ws.send(frame);
  }

  buffered(): number {
    return this.ws.bufferedAmount;
  }

  flushed(): Promise<void> {
    if (this.ws.readyState !== WebSocket.OPEN) return Promise.resolve();
    return new Promise((resolve) => {
      this.ws.once('close', () => resolve());
      // Answered behind everything that was sent before.
      this.ws.ping(undefined, undefined, () => resolve());
    });
  }

  tooSlow(): void {
    this.close(1013, 'too slow');
    // A peer that does not read will not answer the closing either.
    setTimeout(() => this.ws.terminate(), 2_000).unref();
  }

  private frameOf(entry: FeedEntry<VisitorFact>, seq: string): string | null {
    const fact = entry.record.envelope.data;
    if (fact === null || fact.message.conversationId !== this.visitor.conversationId) return null;
    if (fact.type === 'message.created' && fact.message.direction === 'outbound') {
      if (this.unread.length >= MOST_UNREAD) this.unread.shift();
      this.unread.push(fact.message.id);
      if (this.ws.readyState === WebSocket.OPEN) this.got(fact.message);
    }
    return `{"seq":"${seq}",${bodyOf(fact)}`;
  }
}
