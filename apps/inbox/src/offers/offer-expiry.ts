import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock, Database } from '@huiliu/storage';
import { beginChange } from '../conversations/domain/thread';
import { DueTimer } from '../conversations/due-timer';
import { ThreadStore } from '../conversations/thread-store';
import { endOffer } from '../decisions/domain/decide';
import { OffersRepository } from './offers.repository';

const AT_ONCE = 100;

/**
 * Ends offers on time, so that an invitation leaves the screen even where routing is down. Routing has the same deadline and queues the
 * work again by itself.
 */
@Injectable()
export class OfferExpiry implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly timer: DueTimer;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly offers: OffersRepository,
    private readonly store: ThreadStore,
  ) {
    this.timer = new DueTimer(
      OfferExpiry.name,
      { next: () => this.offers.nextLapse(this.database), run: () => this.endLapsed() },
      clock,
    );
  }

  onApplicationBootstrap(): void {
    this.timer.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.timer.stop();
  }

  /** An offer has been made: it may be the next to lapse. */
  look(): void {
    this.timer.look();
  }

  /** Ends every open offer whose time is over. */
  async endLapsed(): Promise<void> {
    for (;;) {
      const lapsed = await this.offers.lapsed(this.database, this.clock.now(), AT_ONCE);
      if (lapsed.length > 0) await this.end(lapsed.map((offer) => offer.conversationId));
      if (lapsed.length < AT_ONCE) return;
    }
  }

  private async end(conversationIds: readonly string[]): Promise<void> {
    await this.database.transaction(async (tx) => {
      const loaded = await this.store.load(tx, [...new Set(conversationIds)]);
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
