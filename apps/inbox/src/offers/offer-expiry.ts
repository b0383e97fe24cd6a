import { Injectable } from '@nestjs/common';
import { Clock, Database } from '@huiliu/storage';
import { beginChange, type StoredOffer } from '../conversations/domain/thread';
import { DueWork } from '../conversations/due-work';
import { ThreadStore } from '../conversations/thread-store';
import { endOffer } from '../decisions/domain/decide';
import { OffersRepository } from './offers.repository';

/**
 * Ends offers on time, so that an invitation leaves the screen even where routing is down. Routing has the same deadline and queues the
 * work again by itself.
 */
@Injectable()
export class OfferExpiry extends DueWork<StoredOffer> {
  constructor(
    private readonly database: Database,
    clock: Clock,
    private readonly offers: OffersRepository,
    private readonly store: ThreadStore,
  ) {
    super(clock);
  }

  protected next(): Promise<Date | null> {
    return this.offers.nextLapse(this.database);
  }

  protected due(now: Date, limit: number): Promise<StoredOffer[]> {
    return this.offers.lapsed(this.database, now, limit);
  }

  protected async settle(lapsed: readonly StoredOffer[]): Promise<void> {
    await this.database.transaction(async (tx) => {
      const loaded = await this.store.load(tx, [...new Set(lapsed.map((offer) => offer.conversationId))]);
      const now = this.clock.now();
      const at = now.toISOString();
      const open = (await this.offers.openOf(tx, [...loaded.keys()])).filter((offer) => offer.expiresAt <= at);
      const changes = open.flatMap((offer) => {
        const thread = loaded.get(offer.conversationId);
        if (!thread) return [];
        const change = beginChange(thread);
        endOffer(change, offer, 'expired', at);
        return [change];
      });
      await this.store.save(tx, changes, now);
    });
  }
}
