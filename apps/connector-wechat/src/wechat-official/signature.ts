import { sameText, sortedSha1 } from '@huiliu/wire';
import type { Stamp } from '../shared/signed-envelope';

export { openSigned } from '../shared/signed-envelope';

/** `signature`: of the handshake and of plain pushes. It covers no body. */
export function holdsPlain(token: string, { timestamp, nonce }: Stamp, signature: string): boolean {
  return sameText(signature, sortedSha1(token, timestamp, nonce));
}
