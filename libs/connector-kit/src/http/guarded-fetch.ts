import axios, { type AxiosInstance } from 'axios';
import { lookup as dnsLookup } from 'node:dns';
import { isIP } from 'node:net';
import { AddressPolicy } from './address-policy';

export interface GuardedRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Of the answer, after decompression; 20 MB unless said otherwise. */
  readonly maxBytes?: number;
  /** For all of it, redirects included; 10 s unless said otherwise. */
  readonly timeoutMs?: number;
  readonly maxRedirects?: number;
  readonly signal?: AbortSignal;
}

export interface GuardedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Where it came from in the end. */
  readonly url: string;
}

/** `refused`: never left; `unsent`: no connection was made; `unanswered`: it may have been handled; `too_large`: the answer was cut. */
export type FetchFailure = 'refused' | 'unsent' | 'unanswered' | 'too_large';

export class GuardedFetchError extends Error {
  constructor(
    readonly failure: FetchFailure,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

export type Resolver = (host: string) => Promise<readonly ResolvedAddress[]>;

const resolveAll: Resolver = (host) =>
  new Promise((resolve, reject) =>
    dnsLookup(host, { all: true, verbatim: true }, (error, addresses) => (error ? reject(error) : resolve(addresses))),
  );

const MAX_BYTES = 20 * 1024 * 1024;
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]);
/** Not for another origin than they were meant for. */
const PRIVATE_HEADERS = new Set(['authorization', 'cookie', 'proxy-authorization']);

/**
 * The one way out: every outgoing request of a connector. The name is resolved once, every address is checked, the connection goes to the
 * address that was checked, and each redirect is judged anew.
 */
export class GuardedFetch {
  private readonly http: AxiosInstance = axios.create();
  private readonly policy: AddressPolicy;

  /** `sandboxed`: true for addresses of the suite's own sandbox, which lie inside. */
  constructor(
    private readonly options: {
      readonly allow: readonly string[];
      readonly sandboxed?: (url: URL) => boolean;
      /** `host:port` that `pin` lets through although it is inside; asked each time. */
      readonly sandboxEndpoints?: () => readonly string[];
    },
    private readonly resolver: Resolver = resolveAll,
  ) {
    this.policy = new AddressPolicy(options.allow);
  }

  /** Answers whatever status comes. Throws `GuardedFetchError`. */
  async fetch(address: string, request: GuardedRequest = {}): Promise<GuardedResponse> {
    const deadline = AbortSignal.timeout(request.timeoutMs ?? 10_000);
    const signal = request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]);
    let url = this.parse(address);
    let method = request.method ?? 'GET';
    let body = request.body;
    let headers: Record<string, string> = { ...request.headers };
    for (let redirects = 0; ; redirects++) {
      const response = await this.once(url, method, headers, body, request.maxBytes ?? MAX_BYTES, signal);
      const location = response.headers.location;
      if (response.status < 300 || response.status > 399 || response.status === 304 || location === undefined)
        return response;
      if (redirects >= (request.maxRedirects ?? 3)) throw new GuardedFetchError('refused', 'too many redirects');
      if (!URL.canParse(location, url.href)) throw new GuardedFetchError('refused', 'redirected to no address');
      const next = this.parse(new URL(location, url.href).href);
      if (url.protocol === 'https:' && next.protocol === 'http:')
        throw new GuardedFetchError('refused', 'redirected from https to http');
      if (response.status === 303 || (response.status < 303 && method === 'POST')) {
        method = 'GET';
        body = undefined;
        headers = without(headers, (name) => name.startsWith('content-'));
      }
      if (next.origin !== url.origin) {
        // A body meant for one origin is not for another either.
        if (body !== undefined) throw new GuardedFetchError('refused', 'redirected with its body to another origin');
        headers = without(headers, (name) => PRIVATE_HEADERS.has(name));
      }
      url = next;
    }
  }

  /** The address to connect to for a host, checked; for protocols other than HTTP (IMAP, SMTP), with the port that will be connected to. */
  async pin(host: string, port?: number): Promise<ResolvedAddress> {
    const sandboxed = port !== undefined && (this.options.sandboxEndpoints?.() ?? []).includes(`${host}:${port}`);
    return this.check(host, sandboxed);
  }

  private parse(address: string): URL {
    if (!URL.canParse(address)) throw new GuardedFetchError('refused', 'not an address');
    const url = new URL(address);
    if (url.protocol !== 'https:' && url.protocol !== 'http:')
      throw new GuardedFetchError('refused', 'neither http nor https');
    if (url.username !== '' || url.password !== '')
      throw new GuardedFetchError('refused', 'credentials in the address');
    return url;
  }

  private async check(hostname: string, sandboxed: boolean): Promise<ResolvedAddress> {
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    let found: readonly ResolvedAddress[];
    if (isIP(host) !== 0) found = [{ address: host, family: isIP(host) }];
    else {
      try {
        found = await this.resolver(host);
      } catch (error) {
        throw new GuardedFetchError('unsent', 'the name does not resolve', { cause: error });
      }
    }
    const first = found[0];
    if (first === undefined) throw new GuardedFetchError('unsent', 'the name does not resolve');
    // One inside among several outside is how rebinding begins: all must be fine.
    if (!sandboxed && !found.every(({ address }) => this.policy.permits(address)))
      throw new GuardedFetchError('refused', 'the address is not on the public internet');
    return first;
  }

  private async once(
    url: URL,
    method: string,
    headers: Record<string, string>,
    body: string | Buffer | undefined,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<GuardedResponse> {
    const pinned = await this.check(url.hostname, this.options.sandboxed?.(url) ?? false);
    try {
      const response = await this.http.request<ArrayBuffer>({
        url: url.href,
        method,
        headers,
        data: body,
        responseType: 'arraybuffer',
        signal,
        maxRedirects: 0,
        maxContentLength: maxBytes,
        maxBodyLength: Infinity,
        proxy: false,
        validateStatus: () => true,
        transformResponse: (data: unknown) => data,
        lookup: (
          _host: string,
          _options: object,
          callback: (error: Error | null, address: string, family: 4 | 6) => void,
        ) => callback(null, pinned.address, pinned.family === 6 ? 6 : 4),
      });
      const flat: Record<string, string> = {};
      for (const [name, value] of Object.entries(response.headers))
        if (value !== undefined && value !== null) flat[name.toLowerCase()] = String(value);
      return { status: response.status, headers: flat, body: Buffer.from(response.data ?? ''), url: url.href };
    } catch (error) {
      throw failureOf(error);
    }
  }
}

function failureOf(error: unknown): GuardedFetchError {
  const { code, message } = error as { code?: string; message?: string };
  if (message?.startsWith('maxContentLength'))
    return new GuardedFetchError('too_large', 'the answer is too large', { cause: error });
  if (code !== undefined && NOT_CONNECTED.has(code))
    return new GuardedFetchError('unsent', `no connection (${code})`, { cause: error });
  return new GuardedFetchError('unanswered', `no answer (${code ?? 'error'})`, { cause: error });
}

function without(headers: Readonly<Record<string, string>>, drop: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !drop(name.toLowerCase())));
}
