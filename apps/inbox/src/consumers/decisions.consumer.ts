import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { OnEvents, type EventBatch } from '@huiliu/bus';
import { ROUTING_DECISIONS, type RoutingDecisionEvent } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { Clock, Database } from '@huiliu/storage';
import { beginChange, type ThreadChange } from '../conversations/domain/thread';
import { ThreadStore } from '../conversations/thread-store';
import { AgentStandings } from '../decisions/agent-standings';
import { applyDecision } from '../decisions/domain/decide';
import { OfferExpiry } from '../offers/offer-expiry';
import { OffersRepository } from '../offers/offers.repository';

/** What routing decided: committed where it still holds, with conversations locked before agents. */
@Controller()
export class DecisionsConsumer {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly store: ThreadStore,
    private readonly standings: AgentStandings,
    private readonly offers: OffersRepository,
    private readonly expiry: OfferExpiry,
  ) {}

  @OnEvents(ROUTING_DECISIONS, { group: 'inbox', maxBatch: 200, together: true })
  async handle(@Payload() batch: EventBatch<RoutingDecisionEvent['data']>): Promise<void> {
    await this.database.transaction(async (tx) => {
      const events = (await batch.claim(tx)).map(({ envelope }) => envelope as RoutingDecisionEvent);
      if (events.length === 0) return;
      const now = this.clock.now();
      const threads = await this.store.load(tx, [...new Set(events.map(({ data }) => data.conversationId))]);
      const agents = await this.standings.lock(
        tx,
        events.flatMap(({ data }) => ('agentId' in data ? data.agentId : [])),
      );
      const concernsOffers = events.some(
        ({ type }) => type === 'work.offered' || type === 'offer.expired' || type === 'work.assigned',
      );
      const open = concernsOffers ? await this.offers.openOf(tx, [...threads.keys()]) : [];
      const state = { agents, openOffers: new Map(open.map((offer) => [offer.conversationId, offer])), now, newId };
      const changes = new Map<string, ThreadChange>();
      for (const event of events) {
        const loaded = threads.get(event.data.conversationId);
        if (!loaded) continue;
        const change = changes.get(loaded.thread.id) ?? beginChange(loaded);
        changes.set(loaded.thread.id, change);
        applyDecision(change, event, state);
      }
      const all = [...changes.values()];
      await this.store.save(tx, all, now);
      if (all.some(({ offersCreated }) => offersCreated.length > 0)) tx.afterCommit(() => this.expiry.look());
    });
  }
}
