import { backoffMs } from './backoff';

export type LinkState = 'connecting' | 'live' | 'waiting' | 'closed';

export interface Frame {
  readonly seq: string | null;
  readonly type: string;
  readonly data: unknown;
}

/** The part of a WebSocket that is used; a spec plays it. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export interface LiveOptions {
  /** Fetches a one-use ticket; a rejection with `status` 401 ends the connection for good. */
  ticket(): Promise<string>;
  open(ticket: string): Socket;
  /** Frames of the record, in the order in which they apply. */
  onFrames(frames: readonly Frame[]): void;
  /** Passing signals: `typing`, `error`. */
  onSignal(frame: Frame): void;
  /** The feed begins anew with a gap before it: fetch everything again. */
  onReset(): void;
  onState(state: LinkState, retryAt: number | null): void;
  random?: () => number;
}

const PING_MS = 20_000;
const SILENCE_MS = 12_000;
/** After a resume the old position is kept this long: frames that overtook the replay must not count as a position. */
const SETTLE_MS = 3_000;

/**
 * The page's feed: one socket with a ticket, opened again with back-off when it is lost, resumed from the last frame so that
 * nothing is missing. A ping tells a dead line from a silent one.
 */
export class LiveConnection {
  private socket: Socket | null = null;
  private position: string | null = null;
  private settling = false;
  private lastSeq: string | null = null;
  private attempt = 0;
  private stopped = false;
  private generation = 0;
  private timers = new Set<ReturnType<typeof setTimeout>>();
  private silence: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly options: LiveOptions) {}

  start(): void {
    void this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.drop();
    this.options.onState('closed', null);
  }

  /** Tries at once instead of waiting: the network came back, or someone asked. */
  retryNow(): void {
    if (this.stopped || this.socket) return;
    this.generation++;
    this.clearTimers();
    this.attempt = 0;
    void this.connect();
  }

  /** Checks now whether the line is alive: a page that slept may hold a dead socket. */
  probe(): void {
    if (this.socket) this.ping();
    else this.retryNow();
  }

  typing(conversationId: string): void {
    this.send({ type: 'typing', conversationId });
  }

  private async connect(): Promise<void> {
    const generation = ++this.generation;
    this.options.onState('connecting', null);
    let ticket: string;
    try {
      ticket = await this.options.ticket();
    } catch (error) {
      if (this.stopped || generation !== this.generation) return;
      if ((error as { status?: number }).status === 401) return this.stop();
      return this.wait();
    }
    if (this.stopped || generation !== this.generation) return;
    const socket = this.options.open(ticket);
    this.socket = socket;
    this.expectSomething();
    socket.onmessage = (event) => {
      if (this.socket === socket) this.receive(event.data);
    };
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.drop();
      if (!this.stopped) this.wait();
    };
  }

  private receive(data: unknown): void {
    this.heard();
    let frame: Frame;
    try {
      frame = JSON.parse(String(data)) as Frame;
    } catch {
      return;
    }
    switch (frame.type) {
      case 'hello':
        return this.hello(frame);
      case 'pong':
        return;
      case 'typing':
      case 'error':
        return this.options.onSignal(frame);
      case 'reload':
        this.advance(frame.seq ?? this.lastSeq);
        this.settled();
        return this.options.onReset();
      default:
        if (frame.seq === null || frame.seq === undefined) return;
        this.options.onFrames([frame]);
        return this.advance(frame.seq);
    }
  }

  private hello(frame: Frame): void {
    this.attempt = 0;
    this.lastSeq = frame.seq;
    if (this.position === null) {
      this.position = frame.seq;
      this.options.onReset();
    } else {
      this.settling = true;
      this.send({ type: 'resume', seq: this.position });
      this.later(SETTLE_MS, () => this.settled());
    }
    this.options.onState('live', null);
    this.schedulePing();
  }

  private advance(seq: string | null): void {
    if (seq === null) return;
    this.lastSeq = seq;
    if (!this.settling) this.position = seq;
  }

  private settled(): void {
    this.settling = false;
    this.position = this.lastSeq;
  }

  private schedulePing(): void {
    this.later(PING_MS, () => {
      this.ping();
      this.schedulePing();
    });
  }

  private ping(): void {
    this.send({ type: 'ping' });
    this.expectSomething();
  }

  /** Gives the other side a while to say anything; then the line counts as dead. */
  private expectSomething(): void {
    this.silence ??= this.later(SILENCE_MS, () => {
      this.drop();
      this.wait();
    });
  }

  private heard(): void {
    if (this.silence === null) return;
    clearTimeout(this.silence);
    this.timers.delete(this.silence);
    this.silence = null;
  }

  private send(frame: object): void {
    try {
      this.socket?.send(JSON.stringify(frame));
    } catch {
      // Not open (any more): its close follows.
    }
  }

  private wait(): void {
    const delay = backoffMs(this.attempt++, this.options.random ?? Math.random);
    this.options.onState('waiting', Date.now() + delay);
    this.later(delay, () => void this.connect());
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    this.settling = false;
    this.clearTimers();
    socket?.close();
  }

  private later(ms: number, work: () => void): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, ms);
    this.timers.add(timer);
    return timer;
  }

  private clearTimers(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    this.silence = null;
  }
}
