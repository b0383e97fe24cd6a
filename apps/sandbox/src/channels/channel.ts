/** A channel as the sandbox plays it: one file each beside this one, listed in `channels.ts`. */
export interface SandboxChannel {
  readonly channel: string;
  readonly name: { readonly zh: string; readonly en: string };
  /** The page that shows what this account's customer sees; the sandbox adds `&customer=` and `&lang=`. */
  pageOf(accountId: string): string;
}
