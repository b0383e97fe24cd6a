import type { Conversation, Message, Offer, ServerFrame } from '@huiliu/contracts';
import type { FrameSocket } from '@huiliu/testing';

/** A frame that tells of a message with this text. */
export function messageFrame(text: string, type: 'message.created' | 'message.updated' = 'message.created') {
  return (frame: ServerFrame): boolean => frame.type === type && (frame.data as Message).content.text === text;
}

/** The texts of the messages created on a socket, in the order of their frames. */
export function createdTexts(socket: FrameSocket, conversationId?: string): string[] {
  return socket.frames
    .filter((frame) => frame.type === 'message.created')
    .map((frame) => frame.data as Message)
    .filter((message) => conversationId === undefined || message.conversationId === conversationId)
    .map((message) => message.content.text);
}

export function conversationFrame(id: string, matches: (conversation: Conversation) => boolean = () => true) {
  return (frame: ServerFrame): boolean =>
    frame.type === 'conversation.updated' &&
    (frame.data as Conversation).id === id &&
    matches(frame.data as Conversation);
}

export function offerFrame(type: 'offer.created' | 'offer.ended', conversationId: string) {
  return (frame: ServerFrame): boolean =>
    frame.type === type && (frame.data as Offer).conversationId === conversationId;
}
