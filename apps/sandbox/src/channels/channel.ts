import type { Config } from '@huiliu/platform';

interface Words {
  readonly zh: string;
  readonly en: string;
}

/** An account as it is configured; secrets in it are sealed. */
export interface SandboxAccount {
  readonly id: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** A channel as the sandbox plays it: one file each beside this one, listed in `channels.ts`. */
export interface SandboxChannel {
  readonly channel: string;
  readonly name: Words;
  /**
   * The page that shows what this account's customer sees, its query included; the sandbox adds `&customer=` and `&lang=`. Null for an account
   * that works with a real platform.
   */
  pageOf(account: SandboxAccount, config: Config): string | null;
  /** What to enter for an account that can be tried here. */
  help?(config: Config): Words;
  /** One can register an account at this platform here, with one request. */
  readonly registers?: true;
}
