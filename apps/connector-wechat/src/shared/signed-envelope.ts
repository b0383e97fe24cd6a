import { type Envelope, EnvelopeError, sameText, sortedSha1 } from '@huiliu/wire';

/** What the query of every call of the platform carries. */
export interface Stamp {
  readonly timestamp: string;
  readonly nonce: string;
}

/**
 * `msg_signature` of an encrypted push, and then the ciphertext itself: the message, or null where either does not hold. Where
 * pushes are encrypted this one counts and `signature` does not (the platforms' pages on push encryption).
 */
export function openSigned(
  token: string,
  envelope: Envelope,
  { timestamp, nonce }: Stamp,
  encrypted: string,
  signature: string,
): Buffer | null {
  if (!sameText(signature, sortedSha1(token, timestamp, nonce, encrypted))) return null;
  try {
    return envelope.open(encrypted).message;
  } catch (error) {
    if (error instanceof EnvelopeError) return null;
    throw error;
  }
}
