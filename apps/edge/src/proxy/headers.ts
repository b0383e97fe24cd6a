import { INTERNAL_TOKEN_HEADER } from '@huiliu/contracts';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';

/** Belong to one connection, never to the next. */
const HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** Said by us alone: whoever sends them from outside is not believed, and the internal token opens nothing from here. */
const OURS = new Set([
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-real-ip',
  'forwarded',
  'x-request-id',
  'traceparent',
  'tracestate',
  INTERNAL_TOKEN_HEADER,
]);

type Headers = Record<string, string | string[]>;

export interface Hop {
  /** The client's address: the apps trust the edge and count by it. */
  readonly address: string;
  readonly requestId: string;
  readonly traceparent: string | null;
}

/** A request's headers as an app gets them. `Host` stays: the apps compare it with `Origin`. */
export function forwardedHeaders(message: IncomingMessage, hop: Hop): Headers {
  return Object.assign(endToEnd(message, OURS), said(hop));
}

const ANSWERED_BY_US = new Set(['x-request-id']);

/** An app's headers as the client gets them. */
export function answeredHeaders(message: IncomingMessage): OutgoingHttpHeaders {
  return endToEnd(message, ANSWERED_BY_US);
}

/** The same of an answer whose headers were read by name. */
export function endToEndOf(answered: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = namedBy(answered.connection);
  const headers: OutgoingHttpHeaders = {};
  for (const name of Object.keys(answered)) {
    if (HOP.has(name) || named?.has(name) === true || ANSWERED_BY_US.has(name)) continue;
    headers[name] = answered[name];
  }
  return headers;
}

/** The same for a WebSocket handshake, as lines: here the upgrade does go on. */
export function handshakeLines(message: IncomingMessage, hop: Hop): string {
  const lines: [string, string][] = [
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
  ];
  for (const [name, value] of pairs(message))
    if (!HOP.has(name.toLowerCase()) && !OURS.has(name.toLowerCase())) lines.push([name, value]);
  lines.push(...Object.entries(said(hop)));
  return lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
}

function said(hop: Hop): Record<string, string> {
  return {
    'x-forwarded-for': hop.address,
    'x-request-id': hop.requestId,
    ...(hop.traceparent === null ? {} : { traceparent: hop.traceparent }),
  };
}

function endToEnd(message: IncomingMessage, without: ReadonlySet<string>): Headers {
  const named = namedBy(message.headers.connection);
  const headers: Headers = {};
  const raw = message.rawHeaders;
  for (let i = 0; i < raw.length; i += 2) {
    const lower = raw[i]!.toLowerCase();
    const value = raw[i + 1]!;
    if (HOP.has(lower) || named?.has(lower) === true || without.has(lower)) continue;
    const before = headers[lower];
    headers[lower] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return headers;
}

/** What the `Connection` header names belongs to that connection, too; null where that is nothing more. */
function namedBy(connection: string | undefined): ReadonlySet<string> | null {
  return connection === undefined || connection === 'keep-alive'
    ? null
    : new Set(connection.toLowerCase().split(/\s*,\s*/));
}

function pairs(message: IncomingMessage): [string, string][] {
  const raw = message.rawHeaders;
  return Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i]!, raw[2 * i + 1]!]);
}
