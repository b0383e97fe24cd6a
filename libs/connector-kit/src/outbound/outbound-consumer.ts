import { Inject, Injectable } from '@nestjs/common';
import { type EventBatch, MessageBus } from '@huiliu/bus';
import { channelOutbound, type ChannelOutboundEvent } from '@huiliu/contracts';
import { Database } from '@huiliu/storage';
import { HOST_OPTIONS, type HostOptions } from '../host-options';
import { CommandStore } from './command-store';
import { laneAccount, laneOf } from './lanes';
import { OutboundWorker } from './outbound-worker';
import { TypingRelay } from './typing-relay';

const MAX_BATCH = 200;

/** Takes the commands for this app's connectors into its own table; from then on they are the worker's. */
@Injectable()
export class OutboundConsumer {
  private readonly sockets: ReadonlySet<string>;

  constructor(
    @Inject(MessageBus) bus: MessageBus,
    @Inject(Database) private readonly database: Database,
    @Inject(CommandStore) private readonly store: CommandStore,
    @Inject(OutboundWorker) private readonly worker: OutboundWorker,
    @Inject(TypingRelay) private readonly typing: TypingRelay,
    @Inject(HOST_OPTIONS) options: HostOptions,
  ) {
    this.sockets = new Set(
      options.connectors
        .filter(({ definition }) => definition.ingress === 'socket')
        .map(({ definition }) => definition.channel),
    );
    // Subscribed here and not by a decorator: the topic's name is the app's.
    bus.subscribe(channelOutbound(options.app), { group: options.app, maxBatch: MAX_BATCH }, (batch) =>
      this.handle(batch),
    );
  }

  /** Stores a batch in one transaction. */
  async handle(batch: EventBatch): Promise<void> {
    await this.database.transaction(async (tx) => {
      const fresh = await batch.claim(tx);
      const events = fresh.map(({ envelope }) => envelope as unknown as ChannelOutboundEvent);
      const stored = await this.store.store(tx, events, (event) =>
        this.sockets.has(event.data.channel) ? laneAccount(event.data.accountId) : laneOf(event.data.conversationId),
      );
      tx.afterCommit(() => {
        for (const { type, data } of events) if (type === 'message.send') this.typing.saw(data);
        if (stored > 0) this.worker.wake();
      });
    });
  }
}
