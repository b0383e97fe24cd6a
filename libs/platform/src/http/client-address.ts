import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { plainAddress } from '../config/addresses';
import type { Config } from '../config/config';

/** What is needed of a request, Fastify's or Node's. */
export interface Addressed {
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** Who asks: the socket's peer or, behind trusted proxies, the last untrusted hop of `X-Forwarded-For`. */
export function clientAddress(request: Addressed, config: Pick<Config, 'trusts'>): string {
  let address = plainAddress(request.socket.remoteAddress ?? '');
  if (!config.trusts(address)) return address;
  for (const hop of forwardedFor(request.headers).reverse()) {
    const plain = plainAddress(hop);
    // What a trusted proxy passed on unread is not to be believed, nor anything before it.
    if (isIP(plain) === 0) break;
    address = plain;
    if (!config.trusts(address)) break;
  }
  return address;
}

/** True when the peer is this machine and nobody stands behind it. */
export function isLoopback(request: Addressed): boolean {
  const peer = plainAddress(request.socket.remoteAddress ?? '');
  const forwarded = request.headers['x-forwarded-for'] !== undefined || request.headers['forwarded'] !== undefined;
  return !forwarded && (peer === '::1' || /^127\./.test(peer));
}

/** What a limit per address counts by: for IPv6 the /64, since one customer has all of it. */
export function rateKeyOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('::') as [string, string?];
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups =
    tail === undefined
      ? left
      : [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => (group === '' ? '0' : parseInt(group, 16).toString(16)))
    .join(':')}::/64`;
}

function forwardedFor(headers: IncomingHttpHeaders): string[] {
  const value = headers['x-forwarded-for'];
  const text = Array.isArray(value) ? value.join(',') : (value ?? '');
  return text
    .split(',')
    .map((hop) => hop.trim().replace(/^\[(.*)\](?::\d+)?$/, '$1'))
    .filter((hop) => hop !== '');
}
