import { Injectable } from '@nestjs/common';
import type { ChannelInboundEvent, MailThread, MessageReceived } from '@huiliu/contracts';
import { dedupeKey, newId } from '@huiliu/platform';
import type { Tx } from '@huiliu/storage';
import { placeKeyOf } from '../contacts/placement';
import { messageKeyOf } from '../messages/remote-ids.repository';
import { planThreads, type KnownThreads, type ThreadedMessage, type ThreadHome } from './domain/plan-threads';
import { ThreadsRepository } from './threads.repository';

/** How often it looks again after another process was first: each time that one has committed. */
const TRIES = 5;

interface Threaded {
  readonly eventId: string;
  readonly data: MessageReceived & { readonly thread: MailThread };
}

/**
 * Finds the threads that messages belong to, for channels whose conversations are threads. Links are written before anything else and the first
 * writer of a link wins: two processes that meet mails of one sender's thread at once end with one conversation.
 */
@Injectable()
export class ThreadPlacement {
  constructor(private readonly threads: ThreadsRepository) {}

  /** By event id; events without a thread are absent, and where a batch has none nothing is asked. */
  async homesOf(tx: Tx, events: readonly ChannelInboundEvent[], now: Date): Promise<ReadonlyMap<string, ThreadHome>> {
    const threaded = events.flatMap(({ id, type, data }): Threaded[] =>
      type === 'message.received' && data.thread !== undefined
        ? [{ eventId: id, data: { ...data, thread: data.thread } }]
        : [],
    );
    if (threaded.length === 0) return new Map();
    for (let tries = 1; ; tries++) {
      const { messages, known } = await this.read(tx, threaded);
      const { homes, links } = planThreads(messages, known, newId);
      await this.threads.link(tx, links, now);
      const begun = new Set(
        [...homes.values()].flatMap(({ begins, conversationId }) => (begins ? conversationId : [])),
      );
      if (begun.size === 0) return homes;
      const ours = [...links].filter(([, id]) => begun.has(id));
      const kept = await this.threads.links(
        tx,
        ours.map(([key]) => key),
      );
      if (ours.every(([key, id]) => kept.get(key) === id)) return homes;
      if (tries >= TRIES) throw new Error('others keep beginning the threads of these messages');
      await this.threads.unlink(
        tx,
        ours.flatMap(([key, id]) => (kept.get(key) === id ? key : [])),
      );
    }
  }

  private async read(
    tx: Tx,
    threaded: readonly Threaded[],
  ): Promise<{ messages: ThreadedMessage[]; known: KnownThreads }> {
    const begun = await this.threads.conversationsByRemoteKey(
      tx,
      threaded.map(({ data }) => placeKeyOf(data)),
    );
    const messages = threaded.map(({ eventId, data }): ThreadedMessage => ({
      eventId,
      proven: data.thread.conversationId ?? null,
      ownKey: messageKeyOf(data.accountId, data.remoteId),
      referenceKeys: data.thread.references.map((id) => messageKeyOf(data.accountId, id)),
      ownLink: linkKeyOf(data, data.remoteId),
      referenceLinks: data.thread.references.map((id) => linkKeyOf(data, id)),
      begunBefore: begun.get(placeKeyOf(data)) ?? null,
    }));
    const accounts = await this.threads.accountsOf(
      tx,
      messages.flatMap(({ proven }) => proven ?? []),
    );
    const proven = threaded.flatMap(({ data: { accountId, thread } }) =>
      thread.conversationId !== undefined && accounts.get(thread.conversationId) === accountId
        ? thread.conversationId
        : [],
    );
    const known = {
      conversations: new Set(proven),
      messages: await this.threads.conversationsByMessageKey(
        tx,
        messages.flatMap(({ ownKey, referenceKeys }) => [ownKey, ...referenceKeys]),
      ),
      links: await this.threads.links(
        tx,
        messages.flatMap(({ ownLink, referenceLinks }) => [ownLink, ...referenceLinks]),
      ),
    };
    return { messages, known };
  }
}

/** A message that somebody names, for this sender alone: what two customers say of one newsletter never comes together. */
function linkKeyOf({ accountId, contact }: MessageReceived, remoteId: string): string {
  return dedupeKey(accountId, `${remoteId.length}:${remoteId}${contact.remoteId}`, 'thread');
}
