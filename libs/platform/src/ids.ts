import { createHash, randomBytes } from 'node:crypto';
import { ulid } from 'ulid';

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

const POOL_BYTES = 4096;
let pool = Buffer.alloc(0);
let drawn = 0;

/** A random fraction with a resolution of 1/256, from a pool: one call of the system's source a letter would cost more than all else. */
function fraction(): number {
  if (drawn === pool.length) {
    pool = randomBytes(POOL_BYTES);
    drawn = 0;
  }
  return (pool[drawn++] as number) / 256;
}

/** A new id: 26 ULID letters. */
export function newId(): string {
  return ulid(undefined, fraction);
}

/** 128 bits of entropy or hash as 26 ULID letters. */
export function idOfBits(bits: Uint8Array): string {
  let value = 0n;
  for (const byte of bits.subarray(0, 16)) value = (value << 8n) | BigInt(byte);
  let letters = '';
  for (let i = 0; i < 26; i++) {
    letters = LETTERS[Number(value & 31n)] + letters;
    value >>= 5n;
  }
  return letters;
}

/** SHA-256 over parts, each preceded by its length in bytes (so that no two lists of parts read alike). */
export function hashParts(parts: readonly string[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) {
    const bytes = Buffer.from(part, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  }
  return hash.digest();
}

/** An id that is a function of what it names: the same parts give the same id. */
export function deriveId(...parts: string[]): string {
  return idOfBits(hashParts(parts));
}

/** `dedupe_key char(43)`: base64url SHA-256 over account, remote id and kind. */
export function dedupeKey(accountId: string, remoteId: string, kind: string): string {
  return hashParts([accountId, remoteId, kind]).toString('base64url');
}

/** The id of a message that its writer named: the same conversation, direction and clientId give the same id. */
export function messageIdOf(conversationId: string, direction: string, clientId: string): string {
  return deriveId(conversationId, direction, clientId);
}

/** 256 random bits, base64url: for tokens. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}
