import type { Attachment, Content, Message, VisitorMessage } from '@huiliu/contracts';

/** A message as its visitor sees it: nothing of who of us is behind it but a name, files at the visitor's own address. */
export function forVisitor(message: Message | VisitorMessage, accountId: string): VisitorMessage {
  const { id, conversationId, seq, direction, author, content, state, clientId, recalledAt, createdAt } = message;
  return {
    id,
    conversationId,
    seq,
    direction,
    author: { type: author.type, name: author.name },
    content: withOwnAddresses(content, accountId),
    state,
    clientId: direction === 'inbound' ? clientId : null,
    recalledAt,
    createdAt,
  };
}

/** Where a visitor finds a file. */
export function visitorAttachment(attachment: Attachment, accountId: string): Attachment {
  return { ...attachment, url: `/webchat/${accountId}/attachments/${attachment.id}` };
}

function withOwnAddresses(content: Content, accountId: string): Content {
  if (content.kind === 'email')
    return { ...content, attachments: content.attachments.map((one) => visitorAttachment(one, accountId)) };
  if ('attachment' in content && content.attachment !== undefined)
    return { ...content, attachment: visitorAttachment(content.attachment, accountId) };
  return content;
}
