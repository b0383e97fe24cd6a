import type { z } from 'zod';
import type {
  ContactSeen,
  Content,
  MessageEdited,
  MessageReceived,
  MessageRecalled,
  SendError,
} from '@huiliu/contracts';
import type { DefinitionInput } from './definition';

type Bare<T> = Omit<T, 'accountId' | 'channel'>;

/** The content kinds that a definition says can come in. */
export type InboundContent<D extends DefinitionInput> = Extract<Content, { kind: D['inbound'][number] }>;

interface Ordered {
  /** What keeps its order in the account, where that is not the remote conversation (by e-mail: the customer's address). */
  readonly orderBy?: string;
}

type Received = Bare<z.input<typeof MessageReceived>>;

/** What a connector says has happened; the kit adds the account and the channel and publishes it. */
export type InboundEvent<D extends DefinitionInput = DefinitionInput> =
  | (Ordered & {
      readonly type: 'message.received';
      readonly data: Omit<Received, 'content'> & { readonly content: InboundContent<D> };
      /** Names a file at the platform that `fetchMedia` is to bring later: the message does not wait for it. */
      readonly media?: string;
    })
  | (Ordered & {
      readonly type: 'message.edited';
      readonly data: Omit<Bare<z.input<typeof MessageEdited>>, 'content'> & { readonly content: InboundContent<D> };
    })
  | (Ordered & { readonly type: 'message.recalled'; readonly data: Bare<z.input<typeof MessageRecalled>> })
  | (Ordered & { readonly type: 'contact.entered' | 'contact.left'; readonly data: Bare<z.input<typeof ContactSeen>> });

export type InboundData = MessageReceived | MessageEdited | MessageRecalled | ContactSeen;

/** What a platform says later about something we sent: only the states that the definition declares, and failure. */
export interface PlatformReceipt<D extends DefinitionInput = DefinitionInput> {
  readonly remoteId: string;
  readonly state: D['receipts'][number] | 'failed';
  readonly error?: SendError;
  /** ISO-8601; absent: now. */
  readonly at?: string;
}
