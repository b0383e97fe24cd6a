import type { FastifyReply } from 'fastify';

/** For answers that are not pages: nothing may be loaded or framed. */
export const DATA_CSP = "default-src 'none'; frame-ancestors 'none'; sandbox";

/** For our pages: only our own files; inline styles, which the component library writes; no inline scripts. */
export const PAGE_CSP = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self' data:",
  "connect-src 'self' ws: wss:",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'self'",
].join('; ');

/** Sets what every answer carries, unless the handler said otherwise. */
export function secureHeaders(reply: FastifyReply): void {
  reply.header('x-content-type-options', 'nosniff');
  reply.header('referrer-policy', 'no-referrer');
  // What a 304 carries replaces what the browser keeps: a page asked for anew must not get the policy of data.
  if (reply.statusCode === 304) return;
  if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  if (!reply.hasHeader('content-security-policy')) {
    const page = /^text\/html\b/.test(String(reply.getHeader('content-type') ?? ''));
    reply.header('content-security-policy', page ? PAGE_CSP : DATA_CSP);
  }
}
