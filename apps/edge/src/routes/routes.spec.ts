import { targetOf, visitorOf } from './routes';

const appOf = (channel: string): string | null =>
  channel === 'webchat' ? 'connector-webchat' : channel === 'email' ? 'connector-email' : null;
const ask = (path: string, token: string | null = null, address = '1.2.3.4') =>
  targetOf({ path, address, token }, appOf);
const VISITOR = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const token = (claims: object): string => `${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;

test.each([
  ['/api/v1/conversations', 'inbox'],
  ['/api/docs', 'inbox'],
  ['/api', 'inbox'],
  ['/ws', 'inbox'],
  ['/webchat/a/messages', 'connector-webchat'],
  ['/webhooks/email/a', 'connector-email'],
  ['/sandbox', 'sandbox'],
  ['/sandbox/shop.html', 'sandbox'],
])('%s belongs to %s', (path, app) => expect(ask(path)).toMatchObject({ to: 'app', app }));

test.each(['/', '/inbox', '/assets/app.js', '/apiary', '/webchats', '/wsx', '/healthzz'])('%s is a page', (path) =>
  expect(ask(path)).toEqual({ to: 'pages' }),
);

test.each([
  '/internal',
  '/internal/visitor/messages',
  '/metrics',
  '/metrics/x',
  '/ws/x',
  '/webhooks/unknown/a',
  '/webhooks',
  '/api/../internal/x',
  '/webchat/./x',
  '/webchat/..',
  '//internal/x',
  '/api\\internal',
  '/api/\u0000',
  'internal',
])('%s leads nowhere', (path) => expect(ask(path)).toEqual({ to: 'nowhere' }));

test('a visitor with a token sticks by the id in it, whatever the address', () => {
  const first = ask('/webchat/a/messages', token({ visitorId: VISITOR, n: 1 }), '1.1.1.1');
  expect(ask('/webchat/a/ws', token({ visitorId: VISITOR, n: 2 }), '2.2.2.2')).toEqual(first);
  expect(ask('/webchat/a/ws', null, '1.1.1.1')).not.toEqual(first);
});

test('without a token by account and address; webhooks by account', () => {
  expect(ask('/webchat/a/session')).toEqual(ask('/webchat/a/widget.js'));
  expect(ask('/webchat/a/session')).not.toEqual(ask('/webchat/b/session'));
  expect(ask('/webhooks/email/a', null, '1.1.1.1')).toEqual(ask('/webhooks/email/a', null, '2.2.2.2'));
});

test.each([
  '',
  'x',
  'a.b.c',
  '%',
  token({ visitorId: 5 }),
  token({ visitorId: 'short' }),
  Buffer.from('null').toString('base64url'),
])('a token like "%s" names nobody', (text) => expect(visitorOf(text)).toBeNull());
