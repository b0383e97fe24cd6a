import type { ChannelDefinition, ContentKind, ConversationKind, KindCapability, WindowRule } from '@huiliu/contracts';
import type { z } from 'zod';

export type Ingress = ChannelDefinition['ingress'];

type Outbound = Readonly<
  Partial<Record<ContentKind, Readonly<Omit<KindCapability, 'mime'>> & { readonly mime?: readonly string[] }>>
>;

/** What a connector can do, as data: the whole of `definition.ts`. */
export interface DefinitionInput {
  readonly channel: string;
  readonly version: number;
  readonly name: { readonly zh: string; readonly en: string };
  /** How messages come in. `webhook` may pull as well: after a signal (see `WebhookOutcome.pull`) and by the clock. */
  readonly ingress: Ingress;
  readonly config: z.ZodType<Record<string, unknown>>;
  readonly inbound: readonly ContentKind[];
  readonly outbound: Outbound;
  /** Conversations that carry less than `outbound` says, known by how their remote ids begin: never more, since only its kinds have encoders. */
  readonly kinds?: readonly (Omit<ConversationKind, 'outbound'> & { readonly outbound: Outbound })[];
  readonly edits: boolean;
  readonly recall: { readonly inbound: boolean; readonly outbound: boolean; readonly withinSeconds: number | null };
  readonly receipts: readonly ('delivered' | 'read')[];
  readonly typing: { readonly inbound: boolean; readonly outbound: boolean };
  readonly replyWindow: {
    readonly rules: readonly (Omit<WindowRule, 'opens'> & { readonly opens: readonly string[] })[];
    readonly reserve: number;
  };
  /** The platform takes a key of ours and sends the same key once: a send whose end is not known is repeated under it. */
  readonly keyedSends: boolean;
  /** The platform wants to know who serves a conversation: the runtime is told by `serve`. */
  readonly tracksService?: true;
  /** The platform has people of its own, to whom a conversation can be handed: the runtime has `servicers` and `handOver`. */
  readonly handover?: true;
}

export type ConfigOf<D extends DefinitionInput> = z.output<D['config']>;

/** The kinds that are sent as themselves; the kit turns the others into text or refuses them. */
export type SendableKind<D extends DefinitionInput> = {
  [K in keyof D['outbound'] & ContentKind]: D['outbound'][K] extends { readonly support: 'full' | 'partial' }
    ? K
    : never;
}[keyof D['outbound'] & ContentKind];
