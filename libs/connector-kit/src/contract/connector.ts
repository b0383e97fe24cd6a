import type { ChannelDefinition, Content, ContentKind, KindCapability, WindowRule } from '@huiliu/contracts';
import type { z } from 'zod';
import type { AccountContext } from './context';
import { configJsonSchema, secretPaths } from './config-schema';
import type { InboundEvent, PlatformReceipt } from './events';
import type { WebhookOutcome, WebhookRequest } from './webhook';

export type Ingress = ChannelDefinition['ingress'];

/** What a connector can do, as data: the whole of `definition.ts`. */
export interface DefinitionInput {
  readonly channel: string;
  readonly version: number;
  readonly name: { readonly zh: string; readonly en: string };
  /** How messages come in. `webhook` may pull as well: after a signal (see `WebhookOutcome.pull`) and by the clock. */
  readonly ingress: Ingress;
  readonly config: z.ZodType<Record<string, unknown>>;
  readonly inbound: readonly ContentKind[];
  readonly outbound: Readonly<Partial<Record<ContentKind, Readonly<Omit<KindCapability, 'mime'>> & { readonly mime?: readonly string[] }>>>;
  readonly edits: boolean;
  readonly recall: { readonly inbound: boolean; readonly outbound: boolean; readonly withinSeconds: number | null };
  readonly receipts: readonly ('delivered' | 'read')[];
  readonly typing: { readonly inbound: boolean; readonly outbound: boolean };
  readonly replyWindow: { readonly rules: readonly (Omit<WindowRule, 'opens'> & { readonly opens: readonly string[] })[]; readonly reserve: number };
  /** The platform takes a key of ours and sends the same key once: a send whose end is not known is repeated under it. */
  readonly keyedSends: boolean;
}

export type ConfigOf<D extends DefinitionInput> = z.output<D['config']>;

/** The kinds that are sent as themselves; the kit turns the others into text or refuses them. */
export type SendableKind<D extends DefinitionInput> = {
  [K in keyof D['outbound'] & ContentKind]: D['outbound'][K] extends { readonly support: 'full' | 'partial' } ? K : never;
}[keyof D['outbound'] & ContentKind];

/** Whom something is sent to. */
export interface SendTarget {
  readonly conversationId: string;
  readonly remoteConversationId: string;
  readonly remoteContactId: string;
  /** The remote id of the customer's latest message. */
  readonly inReplyTo: string | null;
}

/** One piece of a message, small enough for the platform. */
export interface SendPart<K extends ContentKind = ContentKind> extends SendTarget {
  readonly messageId: string;
  readonly content: Extract<Content, { kind: K }>;
  readonly authorType: 'agent' | 'bot' | 'auto' | 'system';
  readonly authorName: string;
  /** Counts from 1. */
  readonly part: number;
  readonly parts: number;
  /** Our idempotency key: the message's id, or `<id>.<n>` of a split text. */
  readonly key: string;
}

/** What the platform answered to a send it took. */
export interface SendResult {
  /** Its id for what was sent, verbatim; null where it gives none. */
  readonly remoteId: string | null;
}

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
  /** Tries the account's credentials. */
  check?(): Promise<AccountCheck>;
}

interface Pulls<D extends DefinitionInput> {
  /** How long to wait between two pulls by the clock; null: only after a signal. */
  readonly pullEveryMs: number | null;
  /** Reads on from `cursor`. Runs in one process at a time, under the account's lease. `hint` is what a signal carried. */
  pull(cursor: string | null, hint: string | null, signal: AbortSignal): Promise<Pulled<D>>;
}

interface IngressRuntime<D extends DefinitionInput> {
  webhook: { handleWebhook(request: WebhookRequest): Promise<WebhookOutcome<D>> } & Partial<Pulls<D>>;
  poll: Pulls<D>;
  /** Holds the connection until it breaks or `signal` aborts; runs in one process at a time. Sends go out of that process too. */
  socket: { run(signal: AbortSignal): Promise<void> };
  visitor: object;
}

type When<Condition extends boolean, T> = Condition extends true ? T : object;

/** What a connector's runtime must have, given what its definition says. */
export type RuntimeOf<D extends DefinitionInput, Request> = BaseRuntime<D, Request> &
  IngressRuntime<D>[D['ingress']] &
  When<D['edits'], { edit(remoteIds: readonly string[], part: SendPart<SendableKind<D>>, signal: AbortSignal): Promise<void> }> &
  When<D['recall']['outbound'], { recall(remoteIds: readonly string[], target: SendTarget, signal: AbortSignal): Promise<void> }> &
  When<
    D['ingress'] extends 'visitor' ? false : D['typing']['outbound'],
    { typing(target: Pick<SendTarget, 'conversationId' | 'remoteConversationId' | 'remoteContactId'>): Promise<void> }
  >;

/** A connector as the host runs it: its definition's type is gone, what it promised was checked by `defineConnector`. */
export interface Connector {
  readonly definition: DefinitionInput;
  readonly secrets: readonly string[];
  describe(app: string): ChannelDefinition;
  encode(part: SendPart, account: AccountContext['account']): unknown;
  open(context: AccountContext): AnyRuntime;
}

/** Every function that a runtime may have; which it does have follows from its definition. */
export interface AnyRuntime {
  start?(): Promise<void>;
  stop?(): Promise<void>;
  send(request: unknown, part: SendPart, signal: AbortSignal): Promise<SendResult>;
  refreshAuth?(): Promise<void>;
  check?(): Promise<AccountCheck>;
  handleWebhook?(request: WebhookRequest): Promise<WebhookOutcome>;
  readonly pullEveryMs?: number | null;
  pull?(cursor: string | null, hint: string | null, signal: AbortSignal): Promise<Pulled<DefinitionInput>>;
  run?(signal: AbortSignal): Promise<void>;
  edit?(remoteIds: readonly string[], part: SendPart, signal: AbortSignal): Promise<void>;
  recall?(remoteIds: readonly string[], target: SendTarget, signal: AbortSignal): Promise<void>;
  typing?(target: Pick<SendTarget, 'conversationId' | 'remoteConversationId' | 'remoteContactId'>): Promise<void>;
}

/** The definition as the `channels` topic carries it. */
export function describeChannel(definition: DefinitionInput, app: string): ChannelDefinition {
  const { config, keyedSends: _kept, ...data } = definition;
  const configSchema = configJsonSchema(config);
  return structuredClone({ ...data, app, configSchema, secrets: secretPaths(configSchema) }) as unknown as ChannelDefinition;
}

/** Puts a connector together; does not compile where the code does less, or other, than the definition says. */
export function defineConnector<const D extends DefinitionInput, Request>(connector: {
  readonly definition: D;
  readonly encoders: Encoders<D, Request>;
  open(context: AccountContext<ConfigOf<D>, D>): RuntimeOf<D, Request>;
}): Connector {
  const encoders = new Map(Object.entries(connector.encoders)) as unknown as Map<ContentKind, (part: SendPart, account: unknown) => Request>;
  const secrets = secretPaths(configJsonSchema(connector.definition.config));
  return {
    definition: connector.definition,
    secrets,
    describe: (app) => describeChannel(connector.definition, app),
    encode: (part, account) => {
      const encoder = encoders.get(part.content.kind);
      if (encoder === undefined) throw new Error(`no encoder for ${part.content.kind}`);
      return encoder(part, account);
    },
    open: (context) => connector.open(context as unknown as AccountContext<ConfigOf<D>, D>) as unknown as AnyRuntime,
  };
}
