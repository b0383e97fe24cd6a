import { hash, verify } from '@node-rs/argon2';
import { newToken } from '@huiliu/platform';

/** argon2id is the library's default algorithm; its parameters are OWASP's first choice for argon2id. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

let decoy: Promise<string> | undefined;

/** An argon2id hash in PHC form. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, COST);
}

/**
 * Whether a password is right. Where there is no hash (nobody by that name) it takes as long as where there is one, so that
 * names cannot be found out by the time of the answer.
 */
export async function verifyPassword(stored: string | undefined, password: string): Promise<boolean> {
  decoy ??= hashPassword(newToken());
  const right = await verify(stored ?? (await decoy), password);
  return stored !== undefined && right;
}
