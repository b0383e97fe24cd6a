/** Where a request belongs. `sticky`: requests with the same key go to the same process while it lives; null: any will do. */
export type Target =
  | { readonly to: 'app'; readonly app: string; readonly sticky: string | null }
  | { readonly to: 'pages' }
  | { readonly to: 'nowhere' };

/** What the choice depends on. */
export interface Asked {
  /** Decoded, without the query. */
  readonly path: string;
  /** The client's address. */
  readonly address: string;
  /** The visitor's token, from the header or the query; null when there is none. */
  readonly token: string | null;
}

const NOWHERE: Target = { to: 'nowhere' };
const PAGES: Target = { to: 'pages' };

/** Decides by path which app a request belongs to. `appOf` names the app that speaks a channel, or null. */
export function targetOf(asked: Asked, appOf: (channel: string) => string | null): Target {
  const { path } = asked;
  if (!isPlain(path)) return NOWHERE;
  const [, first = '', second, third] = path.split('/');
  switch (first) {
    case 'internal':
    case 'metrics':
      return NOWHERE;
    case 'api':
      return { to: 'app', app: 'inbox', sticky: null };
    case 'ws':
      return second === undefined ? { to: 'app', app: 'inbox', sticky: null } : NOWHERE;
    case 'webchat':
      return ofChannel(appOf('webchat'), visitorKey(second ?? '', asked));
    case 'webhooks':
      return ofChannel(appOf(second ?? ''), `account:${third ?? ''}`);
    case 'sandbox':
      return { to: 'app', app: 'sandbox', sticky: null };
    default:
      return PAGES;
  }
}

function ofChannel(app: string | null, sticky: string): Target {
  return app === null ? NOWHERE : { to: 'app', app, sticky };
}

/** One visitor, one process: known by the id in the token, before there is one by account and address. */
function visitorKey(account: string, asked: Asked): string {
  const visitor = asked.token === null ? null : visitorOf(asked.token);
  return visitor === null ? `address:${account}:${asked.address}` : `visitor:${visitor}`;
}

/**
 * The visitor's id as the token's readable part says it. Nothing is proved here and nothing is decided by it but the process that
 * answers, which does verify.
 */
export function visitorOf(token: string): string | null {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.', 1)[0]!, 'base64url').toString('utf8'));
    const id =
      claims !== null && typeof claims === 'object' ? (claims as { visitorId?: unknown }).visitorId : undefined;
    return typeof id === 'string' && /^[0-9A-HJKMNP-TV-Z]{26}$/.test(id) ? id : null;
  } catch {
    return null;
  }
}

/** False for paths that another program may read differently: dot segments, empty first segments, backslashes, control characters. */
function isPlain(path: string): boolean {
  return (
    path.startsWith('/') && !path.startsWith('//') && !/[\\\p{Cc}]/u.test(path) && !/(^|\/)\.{1,2}(\/|$)/.test(path)
  );
}
