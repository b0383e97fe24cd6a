import type { ServerFrame } from '@huiliu/contracts';
import type { AgentClient, FrameSocket, VisitorClient } from '@huiliu/testing';
import { eventually, pause } from '@huiliu/testing';

interface Connection {
  readonly socket: FrameSocket;
  /** How many frames had come when the server answered the ping behind the `resume`; null: it never did. */
  confirmedAt: number | null;
}

interface Shown {
  readonly conversationId: string;
  readonly seq: number;
}

const ENDED_MS = 5_000;
/** A page that was cut off comes back so soon. */
const AWAY_MS = 100;
/** Frames that say where a socket stands, not what has happened. */
const STANDING = new Set(['hello', 'reload']);

/**
 * A page that stays open: connects again whenever it is cut off and resumes from the last frame it took, as the console does.
 * What comes between `hello` and the resume comes again with the resume: of a connection that broke before that, nothing counts.
 */
export class Screen {
  private readonly connections: Connection[] = [];
  private position: string | null = null;
  private closing = false;
  private awayMs = AWAY_MS;
  private loop: Promise<void> = Promise.resolve();
  private due = 0;
  /** The codes with which the server ended a connection. */
  readonly closedWith: number[] = [];

  private constructor(
    readonly name: string,
    private readonly connect: () => Promise<FrameSocket>,
  ) {}

  /** An agent's page; resolves when it is open. `connect`: where to, if not through the front door. */
  static ofAgent(agent: AgentClient, name = 'agent', connect = () => agent.connect()): Promise<Screen> {
    return Screen.open(name, connect);
  }

  /** A visitor's page; resolves when it is open. */
  static ofVisitor(visitor: VisitorClient, name = 'visitor'): Promise<Screen> {
    return Screen.open(name, () => visitor.connect());
  }

  private static async open(name: string, connect: () => Promise<FrameSocket>): Promise<Screen> {
    const screen = new Screen(name, connect);
    const first = await screen.begin();
    screen.loop = screen.live(first);
    return screen;
  }

  /** How often it was opened. */
  get opened(): number {
    return this.connections.length;
  }

  /**
   * How often it was told to load afresh once it showed something. Before that there is nothing to lose: a gateway that hears of the agent's
   * team only after the page was opened says so, because the agent sees more from then on.
   */
  get reloads(): number {
    const frames = this.connections.flatMap(({ socket }) => socket.frames);
    const first = frames.findIndex((frame) => frame.type === 'message.created');
    const told = first < 0 ? 0 : frames.slice(first).filter((frame) => frame.type === 'reload').length;
    return told - this.due;
  }

  /** The test itself changes what the agent sees: resolves when the page has been told, which then counts as due. */
  async reloadDue(): Promise<void> {
    await eventually(`${this.name} is told to load afresh`, () => this.reloads > 0);
    this.due += 1;
  }

  /** Every frame of the record that counts, over all connections. */
  frames(): ServerFrame[] {
    return this.connections.flatMap((connection) => framesOf(connection));
  }

  /** The `seq` of the messages shown, by conversation and in the order shown. */
  shown(): Map<string, number[]> {
    const byConversation = new Map<string, number[]>();
    for (const frame of this.frames()) {
      if (frame.type !== 'message.created') continue;
      const { conversationId, seq } = frame.data as Shown;
      const seqs = byConversation.get(conversationId) ?? [];
      byConversation.set(conversationId, seqs);
      seqs.push(seq);
    }
    return byConversation;
  }

  /** Cuts the connection without a word; it comes back by itself, after a while. */
  async cut(awayMs = AWAY_MS): Promise<void> {
    this.awayMs = awayMs;
    await this.connections.at(-1)?.socket.cut();
  }

  /** Reads nothing more, until `readOn`. */
  stopReading(): void {
    this.connections.at(-1)?.socket.socket.pause();
  }

  readOn(): void {
    this.connections.at(-1)?.socket.socket.resume();
  }

  async close(): Promise<void> {
    this.closing = true;
    const last = this.connections.at(-1)?.socket;
    await Promise.race([last?.close(), pause(ENDED_MS)]);
    await Promise.race([this.loop, pause(ENDED_MS)]);
  }

  private async live(first: Connection): Promise<void> {
    let connection: Connection | null = first;
    while (!this.closing) {
      if (connection === null) {
        await pause(this.awayMs);
        this.awayMs = AWAY_MS;
        connection = await this.begin().catch(() => null);
        continue;
      }
      this.closedWith.push((await connection.socket.closed).code);
      this.remember(connection);
      connection = null;
    }
  }

  private async begin(): Promise<Connection> {
    const socket = await this.connect();
    const connection: Connection = { socket, confirmedAt: null };
    this.connections.push(connection);
    if (this.position === null) {
      this.position = socket.position;
      connection.confirmedAt = 0;
      return connection;
    }
    socket.send({ type: 'resume', seq: this.position });
    socket.send({ type: 'ping' });
    void socket.next('pong', 60_000).then(
      () => (connection.confirmedAt = socket.frames.findIndex((frame) => frame.type === 'pong')),
      () => undefined,
    );
    return connection;
  }

  private remember(connection: Connection): void {
    const last = framesOf(connection).findLast((frame) => frame.seq !== null);
    if (last?.seq != null) this.position = last.seq;
  }
}

/** What came before the resume took hold and came again with it is left out once. */
function framesOf({ socket, confirmedAt }: Connection): ServerFrame[] {
  if (confirmedAt === null) return [];
  const record = socket.frames
    .map((frame, at) => ({ frame, at }))
    .filter(({ frame }) => frame.seq !== null && !STANDING.has(frame.type));
  const last = new Map(record.map(({ frame, at }) => [nameOf(frame), at]));
  return record
    .filter(({ frame, at }) => at >= confirmedAt || last.get(nameOf(frame)) === at)
    .map(({ frame }) => frame);
}

/** Replayed by another process, a frame may carry another `seq`. */
function nameOf(frame: ServerFrame): string {
  if (frame.type !== 'message.created') return `${frame.type} ${frame.seq}`;
  const { conversationId, seq } = frame.data as Shown;
  return `${conversationId} ${seq}`;
}
