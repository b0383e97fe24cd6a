import { createHash } from 'node:crypto';

/**
 * Hex SHA-1 of the parts, sorted by their code units and joined without separator: the signature of WeChat, WeCom, WeChat Store, Weibo
 * and DingTalk. In encrypted modes the ciphertext is one of the parts.
 */
export function sortedSha1(...parts: readonly string[]): string {
  return createHash('sha1')
    .update([...parts].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).join(''), 'utf8')
    .digest('hex');
}
