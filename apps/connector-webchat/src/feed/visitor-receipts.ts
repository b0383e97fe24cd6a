import { Inject, Injectable, Logger } from '@nestjs/common';
import { EventGate } from '@huiliu/connector-kit';
import type { VisitorMessage } from '@huiliu/contracts';
import { definition } from '../definition';
import type { Visitor } from '../tokens';

const MOST_REMEMBERED = 20_000;

/** Tells the inbox what visitors have got and seen; of each message once per process. */
@Injectable()
export class VisitorReceipts {
  private readonly logger = new Logger('VisitorReceipts');
  private readonly told = new Set<string>();

  constructor(@Inject(EventGate) private readonly gate: EventGate) {}

  /** A live socket has taken a message. */
  delivered(visitor: Visitor, message: VisitorMessage): void {
    if (message.direction === 'outbound' && message.state !== 'delivered' && message.state !== 'read')
      this.tell(visitor, message.id, 'delivered');
  }

  /** The visitor's page says that it has shown a message. */
  read(visitor: Visitor, messageId: string): void {
    this.tell(visitor, messageId, 'read');
  }

  private tell(visitor: Visitor, messageId: string, state: 'delivered' | 'read'): void {
    const key = `${state} ${visitor.conversationId} ${messageId}`;
    if (this.told.has(key)) return;
    if (this.told.size >= MOST_REMEMBERED) this.told.delete(this.told.values().next().value as string);
    this.told.add(key);
    this.gate
      .publishKnownReceipt(
        { id: visitor.accountId, channel: definition.channel },
        { conversationId: visitor.conversationId, messageId },
        state,
      )
      .catch((error: unknown) => {
        this.told.delete(key);
        this.logger.warn({ err: error }, 'a receipt could not be told');
      });
  }
}
