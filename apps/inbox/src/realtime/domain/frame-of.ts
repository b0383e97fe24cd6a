import type { ConversationAccess, InboxEvent, ServerFrame } from '@huiliu/contracts';
import { breaks } from '@huiliu/platform';
import type { AccessViewer } from '../../directory/domain/access';

/** A frame without its `seq`. */
export type Frame = Pick<ServerFrame, 'type' | 'data'>;

export interface Sight {
  canSee(viewer: AccessViewer, access: ConversationAccess): boolean;
  /** Who may see a conversation now; undefined when this process does not know it. */
  accessOf(conversationId: string): ConversationAccess | undefined;
}

/**
 * What a viewer is told of an event, judged by what they may see when it is sent; null: nothing. The frame is the same object for
 * everyone who gets it, so that it is serialised once, except `conversation.removed`.
 */
export function frameOf(event: InboxEvent, viewer: AccessViewer, sight: Sight): Frame | null {
  switch (event.type) {
    case 'message.created':
    case 'message.updated': {
      const { message, access } = event.data;
      return sight.canSee(viewer, nowOf(message.conversationId, access, sight))
        ? { type: event.type, data: message }
        : null;
    }
    case 'conversation.updated': {
      const { conversation, access, before } = event.data;
      if (sight.canSee(viewer, nowOf(conversation.id, access, sight))) return { type: event.type, data: conversation };
      // Their screen may hold it from before this event, or from what it said then.
      const mayHoldIt = (before !== null && sight.canSee(viewer, before)) || sight.canSee(viewer, access);
      return mayHoldIt ? { type: 'conversation.removed', data: { id: conversation.id } } : null;
    }
    case 'agent.updated':
      return { type: event.type, data: event.data.agent };
    case 'offer.created':
    case 'offer.ended': {
      const { offer } = event.data;
      const access = sight.accessOf(offer.conversationId);
      const concerned = offer.agentId === viewer.id || (access !== undefined && sight.canSee(viewer, access));
      return concerned ? { type: event.type, data: offer } : null;
    }
    case 'team.updated':
      return null;
  }
}

/** Who may see the conversation by now; what the event itself says, where this process does not know it. */
function nowOf(conversationId: string, then: ConversationAccess, sight: Sight): ConversationAccess {
  return breaks('permission-when-sent') ? then : (sight.accessOf(conversationId) ?? then);
}
