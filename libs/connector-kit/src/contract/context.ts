import type { AccountLogin, AccountState } from '@huiliu/contracts';
import type { Logger } from 'nestjs-pino';
import type { Clock } from '@huiliu/storage';
import type { GuardedFetch } from '../http/guarded-fetch';
import type { InboxClient } from '../inbox/inbox-client';
import type { DefinitionInput } from './definition';
import type { InboundEvent, PlatformReceipt } from './events';

/** What one signed call is remembered by. */
export interface SignedCall {
  /** As the platform gave them; `timestampMs` as the connector read it. */
  readonly timestamp: string;
  readonly timestampMs: number;
  readonly nonce: string;
  readonly signature: string;
  readonly body: Buffer;
}

/** What the kit gives one account's runtime. */
export interface AccountContext<Config = Record<string, unknown>, D extends DefinitionInput = DefinitionInput> {
  readonly account: {
    readonly id: string;
    readonly channel: string;
    readonly name: string;
    readonly config: Config;
    readonly revision: number;
  };
  /** Resolves when the events are durable; throws `unavailable` when neither bus nor spool takes them. */
  publish(events: readonly InboundEvent<D>[]): Promise<void>;
  publishReceipts(receipts: readonly PlatformReceipt<D>[]): Promise<void>;
  /** Which of these remote ids we have sent ourselves: what the platform echoes of them is left out. */
  sentByUs(remoteIds: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Refuses with 401 a call more than ten minutes off, and one whose (timestamp, nonce, signature) came before with another body.
   * `repeat`: the platform's retry; handle it again, what it says is deduplicated.
   */
  admit(call: SignedCall): Promise<'first' | 'repeat'>;
  /**
   * How the account is: `error` says what is wrong and what to do; `progress` how far a long first reading is; `login` where a login by QR
   * code stands. Each call replaces all.
   */
  report(
    state: AccountState,
    error?: string | null,
    progress?: { readonly done: number; readonly total: number } | null,
    login?: AccountLogin | null,
  ): void;
  /** Runs something of this account while no other process runs it, each `purpose` for itself; waits for its turn. */
  alone<T>(purpose: string, work: () => Promise<T>): Promise<T>;
  /** This account's own keys for one purpose, 32 bytes each: the first signs, any may have signed what comes back. */
  keys(purpose: string): readonly Buffer[];
  readonly fetch: GuardedFetch;
  readonly inbox: InboxClient;
  readonly clock: Clock;
  readonly logger: Logger;
}
