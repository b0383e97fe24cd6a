import { planSend } from '@huiliu/connector-kit';
import { type ChannelDefinition, type Content, outboundOf } from '@huiliu/contracts';
import { AppError, badRequest, conflict } from '@huiliu/platform';
import type { ThreadChange } from '../conversations/domain/thread';
import type { Directory } from '../directory/directory';
import { outboundCommand } from '../events/records';
import { spend } from '../windows/domain/ledger';
import type { BusRecord } from '@huiliu/bus';
import type { StoredMessage } from './domain/message';
import type { MailAnswer } from './mail-replies';

/** The definition of the channel that carries a conversation's answers; 409 where nothing can be sent. */
export function carrierOf(
  directory: Pick<Directory, 'account' | 'definition'>,
  change: ThreadChange,
): ChannelDefinition {
  const { thread } = change;
  const account = directory.account(thread.accountId);
  if (account === undefined || account.deletedAt !== null)
    throw conflict('account_deleted', 'the account of this conversation has been deleted');
  const definition = directory.definition(thread.channel);
  if (definition === undefined)
    throw conflict('channel_unavailable', 'the connector of this channel has never been seen here');
  return definition;
}

/** How many messages of the platform a content becomes; 422 with the reason when its channel does not take it, before anything is sent. */
export function partsOf(
  definition: ChannelDefinition,
  { thread }: Pick<ThreadChange, 'thread'>,
  content: Content,
): number {
  const plan = planSend(outboundOf(definition, thread.remoteConversationId), content);
  if (plan.do === 'refuse') throw new AppError(422, plan.error.code, plan.error.message);
  // The kit would leave it out silently; a person who wrote it must hear that it would not arrive.
  if (plan.do === 'drop') throw new AppError(422, 'kind_not_supported', `this channel does not take ${content.kind}`);
  if (plan.parts.length === 0) throw badRequest('invalid', 'there is nothing to send');
  return plan.parts.length;
}

/**
 * Reserves parts in the reply windows, for one attempt to send a message, all or none; 409 `window_closed` when too few are left. Channels
 * without rules take everything.
 */
export function reserve(
  change: ThreadChange,
  definition: ChannelDefinition,
  message: Pick<StoredMessage, 'id' | 'attempt'>,
  parts: number,
  now: Date,
): void {
  if (definition.replyWindow.rules.length === 0) return;
  const paid = spend(change.windows, parts, 0, now);
  if (paid === null)
    throw conflict('window_closed', 'the platform lets us write no more until the customer writes again', {
      needed: parts,
    });
  change.windows = paid.windows;
  for (const { windowId, amount } of paid.taken)
    change.spends.push({ messageId: message.id, attempt: message.attempt, windowId, amount, refunded: false });
}

/** The command to send a message, as it stands: its attempt, from the first part that has not gone out. `answer`: of a mail thread. */
export function sendCommand(
  change: ThreadChange,
  definition: ChannelDefinition,
  message: StoredMessage,
  answer: MailAnswer | null,
  now: Date,
): BusRecord {
  return outboundCommand(
    definition.app,
    'message.send',
    {
      ...targetOf(change),
      messageId: message.id,
      attempt: message.attempt,
      content: message.content,
      authorType: message.author.type === 'bot' || message.author.type === 'auto' ? message.author.type : 'agent',
      authorName: message.author.name,
      inReplyTo: answer === null ? change.thread.lastInboundRemoteId : answer.inReplyTo,
      fromPart: message.failedPart ?? 1,
      ...(answer === null ? {} : { mail: answer.mail }),
    },
    now,
  );
}

/** The command to take a message back. */
export function recallCommand(
  change: ThreadChange,
  definition: ChannelDefinition,
  message: StoredMessage,
  now: Date,
): BusRecord {
  return outboundCommand(
    definition.app,
    'message.recall',
    { ...targetOf(change), messageId: message.id, remoteIds: message.remoteIds },
    now,
  );
}

/** The command to hand a conversation to a servicer of its platform; `messageId`: the line of the record that tells of it. */
export function handOverCommand(
  change: ThreadChange,
  definition: ChannelDefinition,
  to: { readonly messageId: string; readonly servicerId: string },
  now: Date,
): BusRecord {
  return outboundCommand(definition.app, 'conversation.hand_over', { ...targetOf(change), ...to }, now);
}

function targetOf({ thread, contact }: ThreadChange): {
  conversationId: string;
  accountId: string;
  channel: string;
  remoteConversationId: string;
  remoteContactId: string;
} {
  return {
    conversationId: thread.id,
    accountId: thread.accountId,
    channel: thread.channel,
    remoteConversationId: thread.remoteConversationId,
    remoteContactId: contact.remoteId,
  };
}
