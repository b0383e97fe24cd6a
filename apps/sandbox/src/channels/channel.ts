/** A channel as the sandbox plays it: one file each beside this one, listed in `channels.ts`. */
export interface SandboxChannel {
  readonly channel: string;
  readonly name: { readonly zh: string; readonly en: string };
  /** True where one can register an account here: only accounts of such a platform that are played here can be tried. */
  readonly registers: boolean;
  /** The page that shows what this account's customer sees; the sandbox adds `&customer=` and `&lang=`. */
  pageOf(accountId: string): string;
}
