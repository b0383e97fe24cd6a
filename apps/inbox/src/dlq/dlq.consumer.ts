import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { DlqEvent } from '@huiliu/contracts';
import { allDlqTopics, MessageBus, type EventBatch } from '@huiliu/bus';
import { Database } from '@huiliu/storage';
import { DlqRepository } from './dlq.repository';

/** The connector apps there are (design, layout): each has commands that may fail. */
const CONNECTOR_APPS = [
  'connector-webchat',
  'connector-email',
  'connector-wechat',
  'connector-weibo',
  'connector-marketplace',
];
const GROUP = 'inbox-dlq';

/** Keeps a list of what consumers could not handle, from what they tell on their DLQ topics. */
@Injectable()
export class DlqConsumer implements OnModuleInit {
  constructor(
    private readonly bus: MessageBus,
    private readonly db: Database,
    private readonly repository: DlqRepository,
  ) {}

  onModuleInit(): void {
    for (const topic of allDlqTopics(CONNECTOR_APPS))
      this.bus.subscribe(topic, { group: GROUP, maxBatch: 100 }, (batch) =>
        this.handle(batch as EventBatch<DlqEvent['data']>),
      );
  }

  private async handle(batch: EventBatch<DlqEvent['data']>): Promise<void> {
    await this.db.transaction(async (tx) => {
      for (const { envelope } of await batch.claim(tx)) {
        const event = envelope as unknown as DlqEvent;
        if (event.type === 'dlq.stored') await this.repository.store(tx, event.data);
        else await this.repository.remove(tx, event.data.id);
      }
    });
  }
}
