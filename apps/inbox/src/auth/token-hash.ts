import { createHash } from 'node:crypto';

/** What is kept of a token or ticket: base64url SHA-256. The tokens are 256 random bits, so no salt is needed. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('base64url');
}
