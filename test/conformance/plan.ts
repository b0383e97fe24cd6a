import type { ChannelDefinition } from '@huiliu/contracts';
import type { Channel } from './customer';
import type { PlatformWorld } from './sides/side';

/** What a case may use: a channel of its own, and its definition. */
export interface Scene {
  readonly channel: Channel;
  readonly definition: ChannelDefinition;
  readonly plan: ChannelPlan;
}

export interface Case {
  readonly name: string;
  run(scene: Scene): Promise<void>;
}

interface PlannedFile {
  readonly name: string;
  readonly mime: string;
  readonly bytes: Buffer;
}

/**
 * How one channel's platform is made to show each kind; what the suite cannot know by itself. One file per channel in `channels/`, found by
 * its folder.
 */
export interface ChannelPlan {
  readonly channel: string;
  /** Who plays the platform; the sandbox, unless given. */
  readonly world?: () => Promise<PlatformWorld>;
  /** What a customer sends for each kind that comes in, and what a message of it must hold. */
  readonly inbound: readonly {
    readonly say?: object;
    readonly event?: object;
    readonly kind: string;
    readonly expects: object;
  }[];
  /** Kinds that come in only when something else is broken, so that no customer can be made to send them. */
  readonly neverSaid?: readonly string[];
  /** What an agent sends for each kind that goes out, and what the customer is shown. */
  readonly outbound: readonly {
    readonly content: object;
    readonly file?: PlannedFile;
    readonly shown: object;
  }[];
  /** A file that cannot be sent; where there is one, it must be n/a. */
  readonly refused?: { readonly file: PlannedFile; readonly kind: string };
  /** Settings of the platform under which everything that was said must hold as well. */
  readonly modes: readonly {
    readonly name: string;
    readonly settings: Record<string, unknown>;
    readonly config?: Record<string, unknown>;
  }[];
  /** What must hold in each of them, given its name. */
  inMode?(scene: Scene, mode: string): Promise<void>;
  /** The path of the call that sends. */
  readonly sendPath?: string;
  /** How many answers one message allows; null: no limit. */
  readonly quota: number | null;
  /** A text that is too long for one message there; by default 250 sentences. */
  readonly longText?: string;
  /** How each spoilt push is refused, where it is not with 401. */
  readonly refusals?: Readonly<Record<string, number>>;
  /** Bodies that nobody should send, where they do not go to the account's webhook. */
  malformed?(scene: Scene): Promise<void>;
  /** A message of either side is taken back; what the other must see then. */
  recalls?(scene: Scene): Promise<void>;
  /** The platform tells that a message arrived, and that it was read. */
  receipts?(scene: Scene): Promise<void>;
  /** A servicer of the platform's own to whom a conversation can be handed. */
  readonly servicer?: string;
  /** A push is a mere signal: messages are pulled, in the platform's order, whenever a signal comes. */
  readonly pulls?: true;
  /** What only this platform has. */
  readonly own?: readonly Case[];
  /** Cases that do not apply, with the reason. */
  readonly notApplicable: Readonly<Record<string, string>>;
}
