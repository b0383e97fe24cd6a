import { Inject, Injectable } from '@nestjs/common';
import { type BusRecord, wrap } from '@huiliu/bus';
import {
  CHANNEL_INBOUND,
  CHANNEL_RECEIPTS,
  ChannelInboundEvent,
  channelMedia,
  MediaFetch,
  type MessageReceived,
  type Receipt,
} from '@huiliu/contracts';
import { deriveId } from '@huiliu/platform';
import { Clock } from '@huiliu/storage';
import { ChannelAnnouncer } from '../accounts/channel-announcer';
import type { InboundEvent, PlatformReceipt } from '../contract/events';
import { HOST_OPTIONS, type HostOptions } from '../host-options';
import { SentIds, type SentId } from '../outbound/sent-ids';
import { InboundPublisher } from './inbound-publisher';

interface Account {
  readonly id: string;
  readonly channel: string;
}

/** Where what connectors say becomes events: completed, validated, made durable. */
@Injectable()
export class EventGate {
  constructor(
    @Inject(InboundPublisher) private readonly publisher: InboundPublisher,
    @Inject(SentIds) private readonly sent: SentIds,
    @Inject(ChannelAnnouncer) private readonly announcer: ChannelAnnouncer,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(HOST_OPTIONS) private readonly options: HostOptions,
  ) {}

  /** Resolves when the events are durable. An event that the contract does not allow is the connector's fault and throws. */
  async publish(account: Account, events: readonly InboundEvent[]): Promise<void> {
    const now = this.clock.now();
    const records = events.flatMap((event): BusRecord[] => {
      const { type, data, orderBy } = event;
      const whole = { ...data, accountId: account.id, channel: account.channel };
      const key = `${account.id}:${orderBy ?? data.remoteConversationId}`;
      const record = wrap<unknown>(CHANNEL_INBOUND, type, key, whole, now);
      const said = { topic: record.topic, envelope: ChannelInboundEvent.parse(record.envelope) };
      if (event.type !== 'message.received' || event.media === undefined) return [said];
      return [said, wrap(channelMedia(this.options.app), 'media.fetch', key, this.fetchOf(account, event), now)];
    });
    await this.publisher.publish(records);
    if (records.length > 0) this.announcer.sawEvent(account.id);
  }

  /**
   * The same for one message without a file, of a connector that read everything in it by the contract's schemas when it came: it is not read
   * again.
   */
  async publishRead(message: MessageReceived): Promise<void> {
    const key = `${message.accountId}:${message.remoteConversationId}`;
    await this.publisher.publish([wrap(CHANNEL_INBOUND, 'message.received', key, message, this.clock.now())]);
    this.announcer.sawEvent(message.accountId);
  }

  /** The file counts as brought by the contact: an id that follows from whom the platform names. */
  private fetchOf(account: Account, { data, media }: Extract<InboundEvent, { type: 'message.received' }>): MediaFetch {
    const { remoteConversationId, contact, remoteId, content } = data;
    const contactId = contact.contactId ?? deriveId(account.id, 'contact', contact.remoteId);
    return MediaFetch.parse({
      accountId: account.id,
      channel: account.channel,
      remoteConversationId,
      contact: { ...contact, contactId },
      remoteId,
      content,
      media,
    });
  }

  /** What a platform says of what we sent. An id we do not know is passed on as it is. */
  async publishReceipts(account: Account, receipts: readonly PlatformReceipt[]): Promise<void> {
    if (receipts.length === 0) return;
    // Without the database the inbox still finds the message by its remote id.
    const known = await this.sent
      .find(
        account.id,
        receipts.map((receipt) => receipt.remoteId),
      )
      .catch(() => new Map<string, SentId>());
    const now = this.clock.now();
    await this.publisher.publish(
      receipts.map(({ remoteId, state, error, at }) => {
        const sent = known.get(remoteId);
        const receipt: Receipt = {
          accountId: account.id,
          conversationId: sent?.conversationId ?? null,
          messageId: sent?.messageId ?? null,
          attempt: sent?.attempt ?? null,
          remoteId,
          remoteIds: [],
          state,
          error: error ?? null,
          at: at ?? now.toISOString(),
        };
        return wrap(CHANNEL_RECEIPTS, 'receipt', sent?.conversationId ?? remoteId, receipt, now);
      }),
    );
  }

  /** A receipt for a message of ours whose ids the caller knows. */
  async publishKnownReceipt(
    account: Account,
    message: { conversationId: string; messageId: string },
    state: 'delivered' | 'read',
  ): Promise<void> {
    const now = this.clock.now();
    const receipt: Receipt = {
      accountId: account.id,
      conversationId: message.conversationId,
      messageId: message.messageId,
      attempt: null,
      remoteId: message.messageId,
      remoteIds: [],
      state,
      error: null,
      at: now.toISOString(),
    };
    await this.publisher.publish([wrap(CHANNEL_RECEIPTS, 'receipt', message.conversationId, receipt, now)]);
  }
}
