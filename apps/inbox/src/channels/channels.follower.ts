import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { CHANNELS, type ChannelsEvent } from '@huiliu/contracts';
import { MessageBus, type Tail } from '@huiliu/bus';
import { ChannelRegistry } from './channel-registry';

/** Keeps the registry as the compacted topic `channels` tells it. */
@Injectable()
export class ChannelsFollower implements OnModuleInit, OnModuleDestroy {
  private tail: Tail | undefined;

  constructor(
    private readonly bus: MessageBus,
    private readonly registry: ChannelRegistry,
  ) {}

  async onModuleInit(): Promise<void> {
    this.tail = await this.bus.tail<ChannelsEvent['data']>(CHANNELS, 'beginning', (records) => {
      for (const record of records) this.registry.apply(record.envelope as unknown as ChannelsEvent);
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.tail?.close();
  }
}
