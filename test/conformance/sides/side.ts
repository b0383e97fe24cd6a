import type { Account } from '@huiliu/contracts';
import type { AgentClient, System } from '@huiliu/testing';

/** How something that was said ended, as the platform's side tells it. */
export interface Delivery {
  readonly taken: boolean;
  readonly status: number | null;
}

/** One message as the customer sees it. */
export interface Shown {
  readonly customer: string;
  readonly kind: string;
  readonly text: string;
  readonly mediaUrl: string | null;
}

/** The customers' side of one account. What a channel has nothing of throws: its cases are n/a. */
export interface Side {
  /** Resolves when both ends know the account. */
  ready(): Promise<void>;
  /** Whether the platform's proof of the address was answered as it must be. */
  handshake(): Promise<boolean>;
  /** A customer says something. `tamper`: spoilt on its way; see the sandbox's `TAMPERINGS`. */
  say(said: Readonly<Record<string, unknown>> & { readonly customer: string }): Promise<Delivery[]>;
  /** Something happens that is not said. */
  happen(happened: Readonly<Record<string, unknown>> & { readonly customer: string }): Promise<Delivery[]>;
  /** The next call or push suffers it; see the sandbox's `FAULTS`. */
  fault(fault: string, more: Readonly<Record<string, unknown>>): Promise<void>;
  set(settings: Readonly<Record<string, unknown>>): Promise<void>;
  /** What the customer has got, in order. */
  got(customer: string): Promise<Shown[]>;
}

/** A platform, played. */
export interface PlatformWorld {
  /** What the product's process needs to reach it. */
  readonly env: Readonly<Record<string, string>>;
  /** The config of somebody who registers there. */
  register(system: System): Promise<Record<string, unknown>>;
  side(system: System, account: Account, admin: AgentClient): Side;
  stop(): Promise<void>;
}

/** For what a channel does not have. */
export function not(what: string): never {
  throw new Error(`this channel has no ${what}: the case is n/a`);
}
