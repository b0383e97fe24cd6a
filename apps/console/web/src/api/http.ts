import { useSession } from '../session/session';
import { ClockOffset } from './clock-offset';
import { ApiError, asApiError, errorOfBody } from './errors';

const TIMEOUT_MS = 20_000;
const UPLOAD_TIMEOUT_MS = 120_000;
const clock = new ClockOffset();

/** The server's time now, in milliseconds. */
export function serverNow(): number {
  return clock.serverTime(Date.now());
}

interface CallOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  readonly query?: Record<string, string | number | undefined>;
  readonly form?: FormData;
  readonly signal?: AbortSignal;
  /** For the login call, whose 401 is not the end of a session. */
  readonly anonymous?: boolean;
}

function addressOf(path: string, query: CallOptions['query']): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== undefined && value !== '') params.set(name, String(value));
  const tail = params.toString();
  return `/api/v1${path}${tail === '' ? '' : `?${tail}`}`;
}

async function send(path: string, options: CallOptions): Promise<Response> {
  const token = options.anonymous ? null : useSession.getState().token;
  const headers: Record<string, string> = { accept: 'application/json' };
  if (token !== null) headers.authorization = `Bearer ${token}`;
  if (options.body !== undefined) headers['content-type'] = 'application/json';
  const limit = AbortSignal.timeout(options.form ? UPLOAD_TIMEOUT_MS : TIMEOUT_MS);
  const sentAt = Date.now();
  const response = await fetch(addressOf(path, options.query), {
    method: options.method ?? 'GET',
    headers,
    body: options.form ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
    signal: options.signal ? AbortSignal.any([options.signal, limit]) : limit,
    cache: 'no-store',
    credentials: 'omit',
  }).catch((error: unknown) => {
    if (options.signal?.aborted) throw error;
    throw asApiError(error);
  });
  clock.observe(response.headers.get('date'), sentAt, Date.now());
  // Only the token that was refused ends: a slow answer must not end the session that followed it.
  if (response.status === 401 && token !== null && useSession.getState().token === token)
    useSession.getState().end('expired');
  return response;
}

/** Calls the REST API; a failure of any kind is thrown as an `ApiError`. */
export async function call<T>(path: string, options: CallOptions = {}): Promise<T> {
  const response = await send(path, options);
  if (response.status === 204) return undefined as T;
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw errorOfBody(response.status, body, response.headers.get('retry-after'));
  return body as T;
}

/** Fetches a stored file with our bearer. `url` is an attachment's own, of this origin. */
export async function fetchFile(url: string, signal?: AbortSignal): Promise<Blob> {
  const target = new URL(url, location.origin);
  if (target.origin !== location.origin || !target.pathname.startsWith('/api/v1/'))
    throw new ApiError(0, 'foreign_url', url);
  const token = useSession.getState().token;
  const response = await fetch(target, {
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
    signal,
    credentials: 'omit',
  }).catch((error: unknown) => {
    throw asApiError(error);
  });
  if (!response.ok) throw errorOfBody(response.status, await response.json().catch(() => undefined), null);
  return response.blob();
}
