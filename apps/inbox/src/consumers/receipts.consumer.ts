import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { OnEvents, type EventBatch } from '@huiliu/bus';
import { CHANNEL_RECEIPTS, type ChannelReceiptEvent } from '@huiliu/contracts';
import { Database } from '@huiliu/storage';
import { ReceiptsWriter } from './receipts-writer';
import { WaitingReceipts } from './waiting-receipts';

/** What became of what was sent. */
@Controller()
export class ReceiptsConsumer {
  constructor(
    private readonly database: Database,
    private readonly writer: ReceiptsWriter,
    private readonly waiting: WaitingReceipts,
  ) {}

  @OnEvents(CHANNEL_RECEIPTS, { group: 'inbox', maxBatch: 200, together: true })
  async handle(@Payload() batch: EventBatch<ChannelReceiptEvent['data']>): Promise<void> {
    await this.database.transaction(async (tx) => {
      const fresh = await batch.claim(tx);
      const someWait = await this.writer.apply(
        tx,
        fresh.map(({ envelope }) => ({ eventId: envelope.id, receipt: envelope.data })),
      );
      if (someWait) tx.afterCommit(() => this.waiting.look());
    });
  }
}
