import type { FastifyReply } from 'fastify';
import { DATA_CSP, PAGE_CSP, secureHeaders } from './security-headers';

function headersOf(statusCode: number, given: Record<string, string>): Record<string, string> {
  const headers = { ...given };
  secureHeaders({
    statusCode,
    header: (name: string, value: string) => (headers[name] = value),
    hasHeader: (name: string) => name in headers,
    getHeader: (name: string) => headers[name],
  } as unknown as FastifyReply);
  return headers;
}

test('pages get a policy to run under, everything else none to run at all', () => {
  expect(headersOf(200, { 'content-type': 'text/html; charset=utf-8' })).toMatchObject({
    'content-security-policy': PAGE_CSP,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
  expect(headersOf(200, { 'content-type': 'application/json' })['content-security-policy']).toBe(DATA_CSP);
  expect(headersOf(200, { 'content-security-policy': 'own', 'cache-control': 'no-cache' })).toMatchObject({
    'content-security-policy': 'own',
    'cache-control': 'no-cache',
  });
});

test('a 304 leaves the policy that the browser keeps with the page', () => {
  expect(headersOf(304, { 'cache-control': 'no-cache' })).toEqual({
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });
});
