import type { Media } from '../media';
import type { PlayedAccount } from '../platform';
import type { CallbackIdentity } from './callbacks';
import type { Customer } from './customers';
import type { Entry } from './journal';
import type { MessageList } from './message-list';
import type { Tokens } from './tokens';

/** An account as the platform's interface sees it. */
export interface ApiAccount {
  readonly played: PlayedAccount;
  readonly identity: CallbackIdentity;
  readonly secret: string;
  readonly tokens: Tokens;
  readonly media: Media;
  readonly list: MessageList;
  /** Codes by which one message may be sent on an event. */
  readonly codes: Map<string, { readonly customer: Customer; readonly untilMs: number }>;
  /** The ids of everything that was sent: each is taken once. */
  readonly sentIds: ReadonlySet<string>;
  /** Who serves the account in the WeCom client, and whether they are receiving. */
  readonly servicers: ReadonlyMap<string, boolean>;
  find(externalUserId: string): Customer | undefined;
  urlOf(mediaId: string): string;
  newCode(customer: Customer, nowMs: number): string;
  record(entry: Entry): void;
  setState(customer: Customer, state: number, servicer: string | null): void;
}
