import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { OnEvents, type EventBatch } from '@huiliu/bus';
import { CHANNEL_INBOUND, type ChannelInboundEvent } from '@huiliu/contracts';
import { Database } from '@huiliu/storage';
import { InboundWriter } from './inbound-writer';

/** What platforms tell, applied a batch at a time: one transaction, a handful of statements however many events it holds. */
@Controller()
export class InboundConsumer {
  constructor(
    private readonly database: Database,
    private readonly writer: InboundWriter,
  ) {}

  @OnEvents(CHANNEL_INBOUND, { group: 'inbox', maxBatch: 200, together: true })
  async handle(@Payload() batch: EventBatch<ChannelInboundEvent['data']>): Promise<void> {
    await this.writer.checkAccounts(batch.deliveries.map(({ envelope }) => envelope as ChannelInboundEvent));
    await this.database.transaction(async (tx) => {
      const fresh = await batch.claim(tx);
      await this.writer.apply(
        tx,
        fresh.map(({ envelope }) => envelope as ChannelInboundEvent),
      );
    });
  }
}
