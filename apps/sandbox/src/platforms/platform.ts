import type { IncomingHttpHeaders } from 'node:http';
import type { Said, Happened } from './control-shapes';
import type { Config } from '@huiliu/platform';
import type { Delivery } from './delivery';
import type { Faults } from './faults';

/** An account of ours as its platform knows it: one whose `config.apiBase` is the platform's address on this sandbox. */
export interface PlayedAccount {
  readonly id: string;
  readonly name: string;
  /** Secrets in clear, in memory only. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Where the sandbox itself is reached: media addresses begin with it. */
  readonly sandboxUrl: () => string;
  /** A folder of its own, for what its platform would not forget when this process ends; it may not be there yet. */
  readonly folder: string;
  /** What was ordered for it; the account suffers those that only it can show. */
  readonly faults: Faults;
}

/** A call of ours to the platform's API. */
export interface ApiCall {
  readonly method: string;
  /** Below the platform's address, with the first slash. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<IncomingHttpHeaders>;
  readonly body: Buffer;
  /** The file of a multipart body. */
  readonly file: { readonly name: string; readonly mime: string; readonly bytes: Buffer } | null;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  /** The call had its effect and the caller is never told: the connection ends instead. */
  readonly lost?: true;
}

/** One push as it goes over the wire. */
export interface Push {
  readonly query: string;
  readonly contentType: string;
  readonly body: string;
  /** What the platform calls it: an id, or what stands for one. */
  readonly id: string;
}

/** How one push is to be signed; by default now, and by the account's own secret. */
export interface Signing {
  readonly nowMs: number;
  readonly secret?: string;
}

/** One entry of what a customer sees: `body` is what the platform was given (or pushed), verbatim. */
export interface ShownMessage {
  readonly customer: string;
  readonly from: 'customer' | 'account';
  readonly at: string;
  readonly kind: string;
  readonly text: string;
  /** Where the page finds the picture, the sound or the film. */
  readonly mediaUrl: string | null;
  readonly body: unknown;
}

/** Of a platform that pushes nothing by HTTP: what happens goes over a connection that the product holds. */
export interface Connection {
  say(said: Said): Promise<Delivery[]>;
  happen(happened: Happened): Promise<Delivery[]>;
  /** What a person does once to connect the account, such as scanning a code. */
  handshake(): Promise<{ ok: boolean; status: number; answer: string }>;
  stop(): Promise<void>;
}

/** One account at its platform: state in memory, as strict as the real one. */
export interface PlatformAccount {
  /** Whether this call is this account's: by its token, by its app id. */
  owns(call: ApiCall): boolean;
  call(call: ApiCall): Promise<ApiAnswer> | ApiAnswer;
  /** What the platform pushes when a customer says something; the customer's windows open. Null where it pushes nothing: one has to ask. */
  say(said: Said, signing: Signing): Push | null;
  happen(happened: Happened, signing: Signing): Push;
  /** A well signed push (encrypted, where the account's pushes are) that says exactly `inside`, whatever that is. For tests. */
  seal?(inside: string, signing: Signing): Push;
  /** The query of the GET that proves the address. */
  handshake(signing: Signing): { query: string; expected: string };
  /** Settings of the account at the platform, such as the encryption mode. Throws for what it does not know. */
  set(settings: Readonly<Record<string, unknown>>): void;
  /** What a push that was taken was answered with: a platform may take a reply from it. */
  answered?(push: Push, answer: string): void;
  shown(customer: string | null): readonly ShownMessage[];
  /** True while the account shows that it is typing. */
  typing(customer: string): boolean;
  /** What else the platform knows of a customer, such as who has their session. */
  about?(customer: string): Readonly<Record<string, unknown>>;
  /** Then `say`, `happen` and `handshake` go this way, and not by HTTP. */
  readonly connection?: Connection;
}

/** A platform as the sandbox plays it: one folder each beside this file, listed in `platforms.ts`. */
export interface Platform {
  readonly channel: string;
  readonly name: { readonly zh: string; readonly en: string };
  /** What an account of somebody who registers here would be given; `apiBase` is added. */
  register(): Record<string, unknown>;
  /** Of a platform that is reached otherwise than under an `apiBase`. */
  readonly reach?: {
    /** What to add to the config of a new account, given those there are; null when no more can be played. */
    give(
      suite: Config,
      accounts: readonly Readonly<Record<string, unknown>>[],
    ): Promise<Record<string, unknown> | null>;
    /** Whether this account works with the platform that is played here. */
    isHere(config: Readonly<Record<string, unknown>>, suite: Config): boolean;
  };
  open(account: PlayedAccount): PlatformAccount;
  /** What somebody is told whose account is not here. */
  stranger(call: ApiCall): ApiAnswer;
  /** A push is a mere signal: messages wait at the platform to be pulled. */
  readonly pulled?: true;
  /** Pushes are tried again only where nothing answered; elsewhere after every answer that is no success. */
  readonly triesAgain?: 'unanswered';
  /** Query parameters in which a push is signed. */
  readonly signature: readonly string[];
}
