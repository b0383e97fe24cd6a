import { crc32 } from 'node:zlib';

/** A record that waits for the bus: `value` is the serialised envelope. */
export interface SpoolRecord {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
}

const HEAD = 8;
const MAX_FRAME = 16 * 1024 * 1024;

/** A record as it stands in a spool file: length, CRC-32, payload. */
export function encodeFrame(record: SpoolRecord): Buffer {
  const payload = Buffer.from(JSON.stringify([record.topic, record.key, record.value]));
  const frame = Buffer.allocUnsafe(HEAD + payload.length);
  frame.writeUInt32BE(payload.length, 0);
  frame.writeUInt32BE(crc32(payload), 4);
  payload.copy(frame, HEAD);
  return frame;
}

/** The whole frames at the beginning of a file. What follows them was torn off while it was written: nobody was told it was kept. */
export function decodeFrames(bytes: Buffer): { records: SpoolRecord[]; torn: number } {
  const records: SpoolRecord[] = [];
  let at = 0;
  while (bytes.length - at >= HEAD) {
    const length = bytes.readUInt32BE(at);
    const end = at + HEAD + length;
    if (length > MAX_FRAME || end > bytes.length) break;
    const payload = bytes.subarray(at + HEAD, end);
    if (crc32(payload) !== bytes.readUInt32BE(at + 4)) break;
    const [topic, key, value] = JSON.parse(payload.toString('utf8')) as [string, string, string];
    records.push({ topic, key, value });
    at = end;
  }
  return { records, torn: bytes.length - at };
}
