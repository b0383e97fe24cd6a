import {
  channelOutbound,
  INBOX_EVENTS,
  ROUTING_WORK,
  type ChannelOutboundEvent,
  type Conversation,
  type ConversationAccess,
  type InboxEvent,
  type Message,
  type Offer,
  type RoutingWorkEvent,
} from '@huiliu/contracts';
import { toOutbox, wrap, type BusRecord } from '@huiliu/bus';
import type { Outbox, Tx } from '@huiliu/storage';

type DataOf<E extends { type: string; data: unknown }, T extends E['type']> = Extract<E, { type: T }>['data'];

/** One key for all of `routing.work`: its one partition is one order. */
const ROUTING_KEY = 'routing';

/** A fact for `inbox.events`; `key` is the conversation's, the agent's or the team's id. */
export function inboxEvent<T extends InboxEvent['type']>(
  type: T,
  key: string,
  data: DataOf<InboxEvent, T>,
  now: Date,
): BusRecord {
  return wrap(INBOX_EVENTS, type, key, data, now);
}

/** What routing has to know, in the order in which it was committed. */
export function routingWork<T extends RoutingWorkEvent['type']>(
  type: T,
  data: DataOf<RoutingWorkEvent, T>,
  now: Date,
): BusRecord {
  return wrap(ROUTING_WORK, type, ROUTING_KEY, data, now);
}

/** A command for the connector app that runs the account's channel, keyed by its conversation. */
export function outboundCommand<T extends ChannelOutboundEvent['type']>(
  app: string,
  type: T,
  data: DataOf<ChannelOutboundEvent, T>,
  now: Date,
): BusRecord {
  return wrap(channelOutbound(app), type, data.conversationId, data, now);
}

export function messageCreated(message: Message, isPublic: boolean, access: ConversationAccess, now: Date): BusRecord {
  return inboxEvent(
    'message.created',
    message.conversationId,
    { message, accountId: access.accountId, public: isPublic, access },
    now,
  );
}

export function messageUpdated(message: Message, isPublic: boolean, access: ConversationAccess, now: Date): BusRecord {
  return inboxEvent(
    'message.updated',
    message.conversationId,
    { message, accountId: access.accountId, public: isPublic, access },
    now,
  );
}

/** `before` is who could see the conversation until now; null when it is new. */
export function conversationUpdated(
  conversation: Conversation,
  access: ConversationAccess,
  before: ConversationAccess | null,
  now: Date,
): BusRecord {
  return inboxEvent('conversation.updated', conversation.id, { conversation, access, before }, now);
}

export function offerCreated(offer: Offer, now: Date): BusRecord {
  return inboxEvent('offer.created', offer.conversationId, { offer }, now);
}

export function offerEnded(offer: Offer, now: Date): BusRecord {
  return inboxEvent('offer.ended', offer.conversationId, { offer }, now);
}

/** Puts records into the transaction's outbox, in this order. */
export async function addToOutbox(outbox: Outbox, tx: Tx, records: readonly BusRecord[]): Promise<void> {
  if (records.length > 0) await outbox.add(tx, records.map(toOutbox));
}
