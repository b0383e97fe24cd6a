import { z } from 'zod';
import { parseJson } from '@huiliu/wire';
import type { ApiCall } from '../platform';

const TokenRequest = z.object({
  grant_type: z.string(),
  appid: z.string(),
  secret: z.string(),
  force_refresh: z.boolean().default(false),
});

/** The body of `stable_token`; null when it is none. */
export function tokenRequest(call: ApiCall): z.infer<typeof TokenRequest> | null {
  try {
    return TokenRequest.parse(parseJson(call.body.toString('utf8')));
  } catch {
    return null;
  }
}
