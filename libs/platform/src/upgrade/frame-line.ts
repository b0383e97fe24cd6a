import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';

/** More than this does not wait for the end of the turn: the system takes what it can, and what it cannot is counted as it is. */
const MOST_WAITING = 64 * 1024;

const TEXT = 0x81;
const IN_16_BITS = 126;
const IN_64_BITS = 127;

/** A whole WebSocket text frame as a server sends it (final, unmasked, RFC 6455 §5.2): the same bytes for everyone who gets the text. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const head = length < IN_16_BITS ? 2 : length < 2 ** 16 ? 4 : 10;
  const bytes = Buffer.allocUnsafe(head + length);
  bytes[0] = TEXT;
  if (head === 2) bytes[1] = length;
  else if (head === 4) {
    bytes[1] = IN_16_BITS;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = IN_64_BITS;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  bytes.write(text, head);
  return bytes;
}

/** Lines with frames that leave when this turn of the event loop ends. */
let turn: FrameLine[] = [];
/** What was joined last: sockets with the same sight get the same frames, and share the bytes. */
let joinedFrames: readonly Buffer[] = [];
let joinedBytes: Buffer = Buffer.alloc(0);

function endTurn(): void {
  const lines = turn;
  turn = [];
  for (const line of lines) line.flush();
  joinedFrames = [];
  joinedBytes = Buffer.alloc(0);
}

function join(frames: readonly Buffer[]): Buffer {
  if (frames.length === 1) return frames[0]!;
  const same = frames.length === joinedFrames.length && frames.every((frame, i) => frame === joinedFrames[i]);
  if (!same) {
    joinedFrames = frames;
    joinedBytes = Buffer.concat(frames);
  }
  return joinedBytes;
}

/**
 * Text frames to one socket: those of one turn of the event loop leave in one write, in their order. Only for sockets without
 * compression, whose own sender writes whole frames at once; what it writes itself (pings, the closing) lies between frames.
 */
export class FrameLine {
  private frames: Buffer[] = [];
  private bytes = 0;
  private outstanding = 0;
  private waiting: (() => void)[] = [];

  constructor(
    readonly ws: WebSocket,
    private readonly socket: Duplex,
  ) {
    ws.on('close', () => {
      this.drop();
      this.release();
    });
  }

  /** Takes a frame as `textFrame` makes it. On a socket that is not open it is lost, as the socket's other frames are. */
  send(frame: Buffer): void {
    if (this.ws.readyState !== WebSocket.OPEN) return;
    if (this.frames.length === 0) {
      if (turn.length === 0) setImmediate(endTurn);
      turn.push(this);
    }
    this.frames.push(frame);
    this.bytes += frame.length;
    if (this.bytes > MOST_WAITING) this.flush();
  }

  /** Bytes taken and not yet handed to the network. */
  get buffered(): number {
    return this.bytes + this.ws.bufferedAmount;
  }

  /** Resolves when what was taken so far has left, or the socket has closed. */
  flushed(): Promise<void> {
    this.flush();
    if (this.outstanding === 0 || this.ws.readyState !== WebSocket.OPEN) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Ends the socket behind what was taken. */
  close(code: number, reason: string): void {
    this.flush();
    this.ws.close(code, reason);
  }

  /** Hands over what waits, now. */
  flush(): void {
    if (this.frames.length === 0) return;
    const { frames } = this;
    this.drop();
    if (this.ws.readyState !== WebSocket.OPEN) return;
    this.outstanding++;
    this.socket.write(join(frames), () => {
      if (--this.outstanding === 0) this.release();
    });
  }

  private drop(): void {
    this.frames = [];
    this.bytes = 0;
  }

  private release(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}
