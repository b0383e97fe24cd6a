import { z } from 'zod';
import type { ConnectorError, GuardedResponse } from '@huiliu/connector-kit';
import { type JsonLimits, parseJson } from '@huiliu/wire';
import type { IssuedToken } from './tokens';

/** One call to a platform's interface. `acts`: it does something, so that without an answer its outcome is unknown. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly signal?: AbortSignal;
  readonly maxBytes?: number;
  readonly acts: boolean;
}

const Refusal = z.object({
  errcode: z.union([z.number(), z.string()]).transform(String),
  errmsg: z.string().catch(''),
});
const Issued = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive() });
const Uploaded = z.object({ media_id: z.string().min(1) });

export const mimeOf = (answer: GuardedResponse): string =>
  (answer.headers['content-type'] ?? '').split(';', 1)[0] as string;

/** The answer's JSON; null when it is none. Throws what the platform refused. */
export function readAnswer(
  answer: GuardedResponse,
  errorOf: (errcode: string, errmsg: string) => ConnectorError,
  limits: Partial<JsonLimits>,
): unknown {
  let value: unknown;
  try {
    value = parseJson(answer.body.toString('utf8'), limits);
  } catch {
    return null;
  }
  const refusal = Refusal.safeParse(value);
  if (refusal.success && refusal.data.errcode !== '0') throw errorOf(refusal.data.errcode, refusal.data.errmsg);
  return value;
}

/** The token that an answer holds; null when it holds none. */
export function tokenIn(read: unknown): IssuedToken | null {
  const issued = Issued.safeParse(read);
  return issued.success ? { token: issued.data.access_token, expiresInMs: issued.data.expires_in * 1000 } : null;
}

/** The id of the medium that was stored; null when the answer names none. */
export function mediumIn(read: unknown): string | null {
  const uploaded = Uploaded.safeParse(read);
  return uploaded.success ? uploaded.data.media_id : null;
}
