import { ErrorBody } from '@huiliu/contracts';

/** An answer, its body parsed where it is JSON. */
export interface Answer<T = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
  readonly text: string;
}

export interface Call {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly raw?: string | Uint8Array | FormData;
  readonly timeoutMs?: number;
}

/** One HTTP request; never throws for what the server answers. */
export async function call<T = unknown>(
  baseUrl: string,
  method: string,
  path: string,
  options: Call = {},
): Promise<Answer<T>> {
  const headers: Record<string, string> = { ...options.headers };
  if (options.token !== undefined) headers.authorization = `Bearer ${options.token}`;
  if (options.json !== undefined) headers['content-type'] ??= 'application/json';
  const response = await fetch(`${baseUrl}${path}`, {
    method,
    headers,
    body: options.json === undefined ? (options.raw as RequestInit['body']) : JSON.stringify(options.json),
    redirect: 'manual',
    signal: AbortSignal.timeout(options.timeoutMs ?? 20_000),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parseBody(text) as T, text };
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The answer's body, when its status is one of those expected; else an error that shows what came. */
export function expectStatus<T>(answer: Answer<T>, ...statuses: number[]): T {
  if (!statuses.includes(answer.status))
    throw new Error(`expected ${statuses.join(' or ')}, got ${answer.status}: ${answer.text.slice(0, 500)}`);
  return answer.body;
}

/** Whether a body has the one shape of errors. */
export function isErrorBody(body: unknown): boolean {
  return ErrorBody.safeParse(body).success;
}
