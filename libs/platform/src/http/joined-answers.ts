import type { Socket } from 'node:net';

/** More than this does not wait for what else the turn brings. */
const MOST_HELD = 64 * 1024;
const QUIET_TICKS = 2;

type Done = (error?: Error | null) => void;
interface Piece {
  readonly chunk: string | Buffer;
  readonly encoding: BufferEncoding;
}

const joining = new WeakSet<Socket>();

/**
 * Lets the answers of a connection leave together. Node's HTTP server writes an answer only when the one before has left: of requests that came in
 * one line each answer is a write, and a read for whoever asked. From now on what is written to the socket counts as having left as long as the
 * turn has more to say (ticks and promises; nothing is held any longer), so that the next answer follows, and goes in one write with it. While a
 * write is under way nothing counts as having left: who is slow to read is noticed as ever.
 */
export function joinAnswers(socket: Socket): void {
  if (joining.has(socket)) return;
  joining.add(socket);
  const answers = new JoinedAnswers(socket);
  socket._write = (chunk: string | Buffer, encoding, done) => answers.take([{ chunk, encoding }], done);
  socket._writev = (pieces, done) => answers.take(pieces, done);
  const final = socket._final.bind(socket);
  socket._final = (done) => answers.end(() => final(done));
}

class JoinedAnswers {
  private held: Piece[] = [];
  private bytes = 0;
  private writing = false;
  /** Whoever wrote what does not count as having left. */
  private waiting: Done | null = null;
  private atEnd: (() => void) | null = null;
  /** How many looks have found nothing new. */
  private quiet = 0;
  private looking = false;
  private readonly write: Socket['_write'];

  constructor(private readonly socket: Socket) {
    this.write = socket._write.bind(socket);
  }

  take(pieces: readonly Piece[], done: Done): void {
    for (const piece of pieces) {
      if (piece.chunk.length === 0) continue;
      this.held.push(piece);
      this.bytes += piece.chunk.length;
    }
    if (this.writing || this.bytes > MOST_HELD) {
      this.waiting = done;
      if (!this.writing) this.flush();
      return;
    }
    this.quiet = 0;
    done();
    if (this.looking) return;
    this.looking = true;
    process.nextTick(this.look);
  }

  /** Calls back when nothing is held any more. */
  end(then: () => void): void {
    this.atEnd = then;
    if (!this.writing) this.flush();
  }

  /** From an answer that counts as having left to the next that is written it is a tick or two. */
  private readonly look = (): void => {
    if (this.quiet++ < QUIET_TICKS) return process.nextTick(this.look);
    this.looking = false;
    if (!this.writing) this.flush();
  };

  private flush(): void {
    const { held, waiting } = this;
    this.waiting = null;
    if (held.length === 0) {
      const { atEnd } = this;
      this.atEnd = null;
      waiting?.();
      return atEnd?.();
    }
    this.held = [];
    this.bytes = 0;
    this.writing = true;
    const { chunk, encoding } = joined(held);
    this.write(chunk, encoding, (error) => {
      this.writing = false;
      if (error == null) {
        waiting?.();
        this.flush();
      } else if (waiting === null) this.socket.destroy(error);
      else waiting(error);
    });
  }
}

function joined(pieces: readonly Piece[]): Piece {
  const [first] = pieces as readonly [Piece];
  if (pieces.length === 1) return first;
  if (pieces.every(({ chunk, encoding }) => typeof chunk === 'string' && encoding === first.encoding))
    return { chunk: pieces.map(({ chunk }) => chunk as string).join(''), encoding: first.encoding };
  const chunk = Buffer.concat(
    pieces.map((piece) => (typeof piece.chunk === 'string' ? Buffer.from(piece.chunk, piece.encoding) : piece.chunk)),
  );
  // As Node names what is bytes already.
  return { chunk, encoding: 'buffer' as BufferEncoding };
}
