import type { Servicer } from '@huiliu/contracts';
import type { AccountContext } from './context';
import type { FileUpload } from '../inbox/inbox-client';
import type { ConfigOf, DefinitionInput, SendableKind } from './definition';
import type { InboundEvent, PlatformReceipt } from './events';
import type { SendPart, SendResult, SendTarget } from './sending';
import type { HandOverTarget, ServiceChange } from './service';
import type { WebhookOutcome, WebhookRequest } from './webhook';

/** Content to platform request, per kind: pure, the whole of `outbound.ts`. A sendable kind without one does not compile. */
export type Encoders<D extends DefinitionInput, Request> = {
  readonly [K in SendableKind<D>]: (part: SendPart<K>, account: AccountContext<ConfigOf<D>>['account']) => Request;
};

export interface AccountCheck {
  readonly ok: boolean;
  /** What is wrong and what to do, for a person. */
  readonly error: string | null;
}

/** What one pull brought. The cursor is kept only after `events` are durable. */
export interface Pulled<D extends DefinitionInput> {
  readonly events: readonly InboundEvent<D>[];
  readonly receipts?: readonly PlatformReceipt<D>[];
  readonly cursor: string;
  /** More waits: pull again at once. */
  readonly more: boolean;
}

interface BaseRuntime<D extends DefinitionInput, Request> {
  /** Called in every process that may send for the account. */
  start?(): Promise<void>;
  stop?(): Promise<void>;
  /** One call to the platform. Throws `ConnectorError`; anything else counts as an unknown outcome. */
  send(request: Request, part: SendPart<SendableKind<D>>, signal: AbortSignal): Promise<SendResult>;
  /** Gets a new token; called once per send that failed with `auth`. */
  refreshAuth?(): Promise<void>;
  /**
   * Tries the account's credentials, when somebody asks how it is now. What takes longer than twelve seconds counts as no answer. The kit tells the
   * outcome, unless the runtime `reportsItself`.
   */
  check?(): Promise<AccountCheck>;
  /** Brings the file that an event named as its `media`. Throws `ConnectorError`: a final kind gives the file up, the rest is tried again. */
  fetchMedia?(media: string, signal: AbortSignal): Promise<FileUpload>;
}

interface Pulls<D extends DefinitionInput> {
  /** The runtime says by itself how the account is (it waits inside `pull`, or knows more than that a pull succeeded). */
  readonly reportsItself?: boolean;
  /** How long to wait between two pulls by the clock; null: only after a signal. */
  readonly pullEveryMs: number | null;
  /** Reads on from `cursor`. Runs in one process at a time, under the account's lease. `hint` is what a signal carried. */
  pull(cursor: string | null, hint: string | null, signal: AbortSignal): Promise<Pulled<D>>;
}

interface IngressRuntime<D extends DefinitionInput> {
  webhook: { handleWebhook(request: WebhookRequest): Promise<WebhookOutcome<D>> } & Partial<Pulls<D>>;
  poll: Pulls<D>;
  socket: {
    /** The runtime says by itself how the account is: it knows of more than a connection that does not come about. */
    readonly reportsItself?: boolean;
    /** Holds the connection until it breaks or `signal` aborts; runs in one process at a time. Sends go out of that process too. */
    run(signal: AbortSignal): Promise<void>;
  };
  visitor: object;
}

type When<Condition extends boolean, T> = Condition extends true ? T : object;

/** What a connector's runtime must have, given what its definition says. */
export type RuntimeOf<D extends DefinitionInput, Request> = BaseRuntime<D, Request> &
  IngressRuntime<D>[D['ingress']] &
  When<
    D['edits'],
    { edit(remoteIds: readonly string[], part: SendPart<SendableKind<D>>, signal: AbortSignal): Promise<void> }
  > &
  When<
    D['recall']['outbound'],
    { recall(remoteIds: readonly string[], target: SendTarget, signal: AbortSignal): Promise<void> }
  > &
  When<
    D['tracksService'] extends true ? true : false,
    /** Tells the platform. Repeated after `transient` and `rate_limited`, given up after everything else: do what changes nothing the second time. */
    { serve(change: ServiceChange, signal: AbortSignal): Promise<void> }
  > &
  When<
    D['handover'] extends true ? true : false,
    {
      /** Who could be handed a conversation of this account now, and who could not. */
      servicers(signal: AbortSignal): Promise<readonly Servicer[]>;
      /** Gives the customer's session to a servicer. Repeated where its end is not known: do what changes nothing the second time. */
      handOver(servicerId: string, target: HandOverTarget, signal: AbortSignal): Promise<void>;
    }
  > &
  When<
    D['ingress'] extends 'visitor' ? false : D['typing']['outbound'],
    { typing(target: Pick<SendTarget, 'conversationId' | 'remoteConversationId' | 'remoteContactId'>): Promise<void> }
  >;

/** Every function that a runtime may have; which it does have follows from its definition. */
export interface AnyRuntime {
  start?(): Promise<void>;
  stop?(): Promise<void>;
  send(request: unknown, part: SendPart, signal: AbortSignal): Promise<SendResult>;
  refreshAuth?(): Promise<void>;
  check?(): Promise<AccountCheck>;
  fetchMedia?(media: string, signal: AbortSignal): Promise<FileUpload>;
  handleWebhook?(request: WebhookRequest): Promise<WebhookOutcome>;
  readonly reportsItself?: boolean;
  readonly pullEveryMs?: number | null;
  pull?(cursor: string | null, hint: string | null, signal: AbortSignal): Promise<Pulled<DefinitionInput>>;
  run?(signal: AbortSignal): Promise<void>;
  edit?(remoteIds: readonly string[], part: SendPart, signal: AbortSignal): Promise<void>;
  recall?(remoteIds: readonly string[], target: SendTarget, signal: AbortSignal): Promise<void>;
  typing?(target: Pick<SendTarget, 'conversationId' | 'remoteConversationId' | 'remoteContactId'>): Promise<void>;
  serve?(change: ServiceChange, signal: AbortSignal): Promise<void>;
  servicers?(signal: AbortSignal): Promise<readonly Servicer[]>;
  handOver?(servicerId: string, target: HandOverTarget, signal: AbortSignal): Promise<void>;
}
