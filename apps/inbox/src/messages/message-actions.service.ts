import { Injectable } from '@nestjs/common';
import type { BusRecord } from '@huiliu/bus';
import type { Conversation } from '@huiliu/contracts';
import { conflict, notFound } from '@huiliu/platform';
import type { Tx } from '@huiliu/storage';
import type { Viewer } from '../auth/viewer';
import { replace, type ThreadChange } from '../conversations/domain/thread';
import { VisibleThreads } from '../conversations/visible-threads';
import { Directory } from '../directory/directory';
import type { StoredMessage } from './domain/message';
import { MailReplies } from './mail-replies';
import { MessagesRepository } from './messages.repository';
import { carrierOf, partsOf, recallCommand, reserve, sendCommand } from './outgoing';

/** What people decide about a message that was sent: try again, say that it arrived, take it back. */
@Injectable()
export class MessageActionsService {
  constructor(
    private readonly directory: Directory,
    private readonly threads: VisibleThreads,
    private readonly messages: MessagesRepository,
    private readonly mailReplies: MailReplies,
  ) {}

  /**
   * Sends a failed message again, from the first part that did not go out. One whose outcome is unknown may have arrived: only with
   * `force`. 409 `not_failed`, `outcome_unknown`, `window_closed`.
   */
  retry(viewer: Viewer, conversationId: string, messageId: string, force: boolean): Promise<Conversation> {
    return this.act(viewer, conversationId, messageId, async (change, message, now, tx) => {
      if (message.state === 'unknown' && !force)
        throw conflict('outcome_unknown', 'this message may have arrived; say force to send it again');
      if (message.state !== 'failed' && message.state !== 'unknown')
        throw conflict('not_failed', `this message is ${message.state}`);
      const definition = carrierOf(this.directory, change);
      const again: StoredMessage = { ...message, attempt: message.attempt + 1, state: 'queued', error: null };
      const left = partsOf(definition, change, again.content) - ((again.failedPart ?? 1) - 1);
      reserve(change, definition, again, Math.max(1, left), now);
      replace(change, again);
      const reply = await this.mailReplies.answerAt(tx, change.thread, change.contact, definition, again.seq);
      return [sendCommand(change, definition, again, reply, now)];
    });
  }

  /** A person says that a message of unknown outcome did arrive. 409 `not_unknown`. */
  confirm(viewer: Viewer, conversationId: string, messageId: string): Promise<Conversation> {
    return this.act(viewer, conversationId, messageId, (change, message) => {
      if (message.state !== 'unknown') throw conflict('not_unknown', `this message is ${message.state}`);
      replace(change, { ...message, state: 'sent', error: null, failedPart: null });
      return [];
    });
  }

  /** Asks the platform to take a message back; `recalledAt` is set when it has. 409 `recall_unsupported`, `not_sent`, `recall_expired`. */
  recall(viewer: Viewer, conversationId: string, messageId: string): Promise<Conversation> {
    return this.act(viewer, conversationId, messageId, (change, message, now) => {
      const definition = carrierOf(this.directory, change);
      const { outbound, withinSeconds } = definition.recall;
      if (!outbound) throw conflict('recall_unsupported', 'this channel cannot take messages back');
      if (message.recalledAt !== null) return [];
      if (!['sent', 'delivered', 'read'].includes(message.state))
        throw conflict('not_sent', `this message is ${message.state}`);
      const age = now.getTime() - Date.parse(message.createdAt);
      if (withinSeconds !== null && age > withinSeconds * 1000)
        throw conflict('recall_expired', `this channel takes messages back within ${withinSeconds} s`);
      return [recallCommand(change, definition, message, now)];
    });
  }

  /** Runs something on an outbound message of this very conversation, under the conversation's lock. */
  private act(
    viewer: Viewer,
    conversationId: string,
    messageId: string,
    work: (change: ThreadChange, message: StoredMessage, now: Date, tx: Tx) => BusRecord[] | Promise<BusRecord[]>,
  ): Promise<Conversation> {
    return this.threads.change(viewer, conversationId, async (tx: Tx, change, now) => {
      const message = (await this.messages.byIds(tx, [messageId])).get(messageId);
      if (message?.conversationId !== conversationId) throw notFound('message');
      if (message.direction !== 'outbound' || message.author.type === 'external')
        throw conflict('not_ours', 'this message was not sent from here');
      return work(change, message, now, tx);
    });
  }
}
