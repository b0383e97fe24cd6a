import { waitBefore } from './transport';
import type { VisitorMessage } from './types';

export interface FeedListener {
  /** New or changed messages. */
  messages(items: VisitorMessage[]): void;
  typing(): void;
  /** The feed is live; `missed` when what was missed meanwhile has to be read from the history. */
  live(missed: boolean): Promise<void>;
  down(): void;
}

interface Frame {
  seq: string | null;
  type: string;
  data: unknown;
}

const PING_MS = 25_000;
const SILENCE_MS = 60_000;

/** The visitor's socket: reconnects by itself and resumes where it was. */
export class Feed {
  private socket: WebSocket | null = null;
  private position: string | null = null;
  private attempt = 0;
  private heard = 0;
  private timer: number | undefined;
  private ping: number | undefined;

  constructor(
    private readonly url: () => string,
    private readonly listener: FeedListener,
  ) {
    addEventListener('online', () => this.connect());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible' && this.socket === null) this.connect();
    });
  }

  connect(): void {
    if (this.socket !== null) return;
    clearTimeout(this.timer);
    const socket = new WebSocket(this.url());
    this.socket = socket;
    this.heard = Date.now();
    socket.onmessage = (event: MessageEvent<string>) => this.receive(JSON.parse(event.data) as Frame);
    socket.onclose = () => this.lost(socket);
    clearInterval(this.ping);
    this.ping = setInterval(() => {
      if (Date.now() - this.heard > SILENCE_MS) this.drop(socket);
      else this.send({ type: 'ping' });
    }, PING_MS);
  }

  send(frame: unknown): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  private drop(socket: WebSocket): void {
    socket.close();
    this.lost(socket);
  }

  private lost(socket: WebSocket): void {
    if (this.socket !== socket) return;
    this.socket = null;
    clearInterval(this.ping);
    this.listener.down();
    this.timer = setTimeout(() => this.connect(), waitBefore(this.attempt++));
  }

  private receive(frame: Frame): void {
    this.heard = Date.now();
    if (frame.type === 'hello') {
      this.attempt = 0;
      if (this.position !== null) this.send({ type: 'resume', seq: this.position });
      void this.listener.live(this.position === null);
      if (this.position === null) this.position = frame.seq;
      return;
    }
    if (frame.type === 'reload') {
      void this.listener.live(true);
    } else if (frame.type === 'message.created' || frame.type === 'message.updated') {
      this.listener.messages([frame.data as VisitorMessage]);
    } else if (frame.type === 'typing') {
      this.listener.typing();
    }
    if (frame.seq !== null) this.position = frame.seq;
  }
}
