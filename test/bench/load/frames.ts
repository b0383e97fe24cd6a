import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

const TEXT = 0x1;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;

/** Cuts a server's WebSocket bytes into frames. A server does not mask, and ours does not fragment. */
export class FrameReader {
  private rest: Buffer = Buffer.alloc(0);

  constructor(private readonly onFrame: (opcode: number, payload: Buffer) => void) {}

  take(chunk: Buffer): void {
    let bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    for (;;) {
      const frame = frameAt(bytes);
      if (frame === null) break;
      this.onFrame(bytes[0]! & 0x0f, bytes.subarray(frame.from, frame.to));
      bytes = bytes.subarray(frame.to);
    }
    this.rest = bytes;
  }
}

function frameAt(bytes: Buffer): { from: number; to: number } | null {
  if (bytes.length < 2) return null;
  let length = bytes[1]! & 0x7f;
  let from = 2;
  if (length === 126) {
    if (bytes.length < 4) return null;
    length = bytes.readUInt16BE(2);
    from = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return null;
    length = Number(bytes.readBigUInt64BE(2));
    from = 10;
  }
  return bytes.length < from + length ? null : { from, to: from + length };
}

export interface RawSocket {
  readonly closed: Promise<{ code: number }>;
  close(): void;
}

/**
 * Opens a WebSocket by hand, so that watching costs as little as can be: what the load takes of the machine, the product has not.
 * Resolves once the server has agreed.
 */
export function openRawSocket(url: string, onText: (payload: Buffer) => void): Promise<RawSocket> {
  const { hostname, port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.setNoDelay(true);
    let code = 1006;
    const closed = new Promise<{ code: number }>((ended) => socket.once('close', () => ended({ code })));
    const reader = new FrameReader((opcode, payload) => {
      if (opcode === TEXT) onText(payload);
      else if (opcode === PING) socket.write(clientFrame(PONG, payload));
      else if (opcode === CLOSE) {
        code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
        socket.end(clientFrame(CLOSE, payload));
      }
    });
    let head = Buffer.alloc(0);
    const onHead = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', onHead);
      const first = head.toString('latin1', 0, head.indexOf('\r\n'));
      if (!first.startsWith('HTTP/1.1 101')) {
        socket.destroy();
        return reject(new Error(`no WebSocket: ${first}`));
      }
      socket.on('data', (more: Buffer) => reader.take(more));
      reader.take(head.subarray(end + 4));
      resolve({ closed, close: () => hangUp(socket) });
    };
    socket.on('data', onHead);
    socket.once('error', reject);
    socket.write(
      `GET ${pathname}${search} HTTP/1.1\r\nhost: ${hostname}:${port}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n` +
        `sec-websocket-version: 13\r\nsec-websocket-key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    );
  });
}

function hangUp(socket: Socket): void {
  socket.end(clientFrame(CLOSE, Buffer.from([0x03, 0xe8])));
  socket.destroySoon();
}

/** A short frame as a client must send it: masked. */
function clientFrame(opcode: number, payload: Buffer): Buffer {
  const mask = randomBytes(4);
  const body = Buffer.from(payload.subarray(0, 125));
  for (let i = 0; i < body.length; i++) body[i]! ^= mask[i & 3]!;
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | body.length]), mask, body]);
}

const TYPE = Buffer.from('","type":"message.created"');
const CONVERSATION = Buffer.from('"conversationId":"');
const CLIENT_ID = Buffer.from('"clientId":"b-');
const ID_LENGTH = 26;

/** Which message of the benchmark a frame shows; null for every other frame. Without parsing all of it. */
export function messageIn(payload: Buffer): { conversation: string; nth: number } | null {
  const typeAt = payload.indexOf('","type":"', 8, 'latin1');
  if (typeAt < 0 || payload.compare(TYPE, 0, TYPE.length, typeAt, typeAt + TYPE.length) !== 0) return null;
  const at = payload.indexOf(CONVERSATION, typeAt) + CONVERSATION.length;
  let digit = payload.indexOf(CLIENT_ID, at);
  if (digit < 0) return null;
  digit += CLIENT_ID.length;
  let nth = 0;
  for (let byte = payload[digit]!; byte >= 48 && byte <= 57; byte = payload[++digit]!) nth = nth * 10 + byte - 48;
  return { conversation: payload.toString('latin1', at, at + ID_LENGTH), nth };
}
