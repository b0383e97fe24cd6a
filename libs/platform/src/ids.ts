import { hash, randomBytes } from 'node:crypto';
import { encodeTime } from 'ulid';

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

const POOL_BYTES = 4096;
let pool = Buffer.alloc(0);
let drawn = 0;
/** The letters of the millisecond in which the last id was made. */
let stampedMs = -1;
let stamp = '';

/** Where the next bytes of the pool begin: one call of the system's source a letter would cost more than all else. */
function draw(bytes: number): number {
  if (drawn + bytes > pool.length) {
    pool = randomBytes(POOL_BYTES);
    drawn = 0;
  }
  const from = drawn;
  drawn += bytes;
  return from;
}

/** Random bytes from the pool as hex: for what must be rare, not secret. */
export function randomHex(bytes: number): string {
  const from = draw(bytes);
  return pool.toString('hex', from, from + bytes);
}

/** A new id: 26 ULID letters, ten of the time and sixteen of chance. */
export function newId(): string {
  const now = Date.now();
  if (now !== stampedMs) {
    stampedMs = now;
    stamp = encodeTime(now);
  }
  let letters = stamp;
  for (let at = draw(16), end = at + 16; at < end; at++) letters += LETTERS[(pool[at] as number) & 31];
  return letters;
}

/** 128 bits of entropy or hash as 26 ULID letters, the first of which holds three bits. */
export function idOfBits(bits: Uint8Array): string {
  let letters = '';
  let rest = 0;
  let have = 2;
  for (let i = 0; i < 16; i++) {
    rest = (rest << 8) | (bits[i] as number);
    for (have += 8; have >= 5;) {
      have -= 5;
      letters += LETTERS[(rest >> have) & 31];
      rest &= (1 << have) - 1;
    }
  }
  return letters;
}

/** The bytes of parts, each preceded by its length in bytes (so that no two lists of parts read alike). */
function joined(parts: readonly string[]): Buffer {
  let length = 0;
  for (const part of parts) length += 4 + Buffer.byteLength(part);
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  for (const part of parts) {
    const written = bytes.write(part, at + 4, 'utf8');
    bytes.writeUInt32BE(written, at);
    at += 4 + written;
  }
  return bytes;
}

/** SHA-256 over parts, each preceded by its length. */
export function hashParts(parts: readonly string[]): Buffer {
  return hash('sha256', joined(parts), 'buffer');
}

/** An id that is a function of what it names: the same parts give the same id. */
export function deriveId(...parts: string[]): string {
  return idOfBits(hashParts(parts));
}

/** `dedupe_key char(43)`: base64url SHA-256 over account, remote id and kind. */
export function dedupeKey(accountId: string, remoteId: string, kind: string): string {
  return hash('sha256', joined([accountId, remoteId, kind]), 'base64url');
}

/** The id of a message that its writer named: the same conversation, direction and clientId give the same id. */
export function messageIdOf(conversationId: string, direction: string, clientId: string): string {
  return deriveId(conversationId, direction, clientId);
}

/** 256 random bits, base64url: for tokens. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}
