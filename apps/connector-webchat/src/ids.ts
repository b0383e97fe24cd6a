import { deriveId, newId } from '@huiliu/platform';
import { type Opaque, opaqueId } from '@huiliu/connector-kit';

/** A message is called on this channel what it is called in the inbox. */
export type RemoteMessageId = Opaque<'webchat message'>;
export const remoteMessageId = (messageId: string): RemoteMessageId => opaqueId(messageId, 'webchat message');

export interface VisitorIds {
  readonly visitorId: string;
  readonly conversationId: string;
}

/** Someone we know nothing of. */
export function anonymousIds(): VisitorIds {
  return { visitorId: newId(), conversationId: newId() };
}

/** The same person on any device: one whom the website has vouched for. */
export function identityIds(accountId: string, identityId: string): VisitorIds {
  const visitorId = deriveId('webchat', 'visitor', accountId, identityId);
  return { visitorId, conversationId: deriveId('webchat', 'conversation', accountId, visitorId) };
}
