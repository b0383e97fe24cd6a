import { Injectable } from '@nestjs/common';
import type { ChannelDefinition, Content, MailReply } from '@huiliu/contracts';
import type { Queryable } from '@huiliu/storage';
import type { Thread, ThreadContact } from '../conversations/domain/thread';
import { Directory } from '../directory/directory';
import { ThreadsRepository } from '../threads/threads.repository';
import { copiesOf, displayAddress, isReaction, quoted, recipientOf, sameMailbox } from './domain/mail';
import type { StoredMessage } from './domain/message';
import { MessagesRepository } from './messages.repository';

/** Messages whose ids go into the chain, and the most ids: connectors cut it further where it becomes too long for a header. */
const CHAIN = 1000;

/** The mail that is answered and what its answer needs to know of the thread. */
export interface MailAnswer {
  readonly inReplyTo: string | null;
  readonly mail: MailReply;
}

/**
 * What an answer by mail needs to know. It is worked out from what lies before the answer in its thread, so that sending it again later
 * says the same. Of channels that bring no mail nothing is asked.
 */
@Injectable()
export class MailReplies {
  constructor(
    private readonly directory: Directory,
    private readonly messages: MessagesRepository,
    private readonly threads: ThreadsRepository,
  ) {}

  /** For an answer at place `seq`; null where the conversation is no mail thread. */
  async answerAt(
    q: Queryable,
    thread: Pick<Thread, 'id' | 'accountId'>,
    contact: ThreadContact,
    definition: Pick<ChannelDefinition, 'inbound'> | undefined,
    seq: number,
  ): Promise<MailAnswer | null> {
    if (definition?.inbound.includes('email') !== true) return null;
    const latest = await this.latest(q, thread.id, seq);
    if (latest?.content.kind !== 'email') return null;
    const { content } = latest;
    const ours = this.directory.account(thread.accountId)?.config.address;
    const isOurs = (address: string): boolean => typeof ours === 'string' && sameMailbox(ours, address);
    const to = recipientOf(content, isOurs) ?? { name: contact.name, address: contact.remoteId.slice(0, 320) };
    const from = displayAddress(content.from ?? { name: latest.author.name, address: contact.remoteId.slice(0, 320) });
    const mail = {
      subject: await this.subjectOf(q, thread.id, content.subject),
      references: await this.chain(q, thread.id, seq),
      to: [to],
      cc: copiesOf(content, to, isOurs),
      quote: { from, sentAt: latest.createdAt, text: quoted(content.text) },
    };
    return { inReplyTo: latest.remoteId, mail };
  }

  /** The customer's latest mail: what machines answered in between is none; the mail that began the thread is, whoever wrote it. */
  private async latest(q: Queryable, conversationId: string, below: number): Promise<StoredMessage | null> {
    for (let seq = below; ;) {
      const message = await this.messages.lastInbound(q, conversationId, seq);
      if (message === null || message.seq === 1 || !isReaction(message.content)) return message;
      seq = message.seq;
    }
  }

  private async subjectOf(q: Queryable, conversationId: string, latest: string): Promise<string> {
    if (latest.trim() !== '') return latest;
    const content: Content | undefined = (await this.messages.firstInbound(q, conversationId))?.content;
    return content?.kind === 'email' ? content.subject : latest;
  }

  /** Every id of the thread once, where it was named first; of a very long thread the beginning and the newest. */
  private async chain(q: Queryable, conversationId: string, below: number): Promise<string[]> {
    const ids = [...new Set((await this.threads.chain(q, conversationId, below, CHAIN)).flat())];
    return ids.length <= CHAIN ? ids : [...ids.slice(0, 1), ...ids.slice(1 - CHAIN)];
  }
}
