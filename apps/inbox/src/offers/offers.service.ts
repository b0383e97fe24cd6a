import { Injectable } from '@nestjs/common';
import type { Conversation } from '@huiliu/contracts';
import { breaks, conflict, newId, notFound } from '@huiliu/platform';
import { Clock, Database, type Tx } from '@huiliu/storage';
import type { Viewer } from '../auth/viewer';
import { assign } from '../conversations/domain/ownership';
import { beginChange, type StoredOffer, type ThreadChange } from '../conversations/domain/thread';
import { ThreadStore } from '../conversations/thread-store';
import { AgentStandings } from '../decisions/agent-standings';
import { endOffer } from '../decisions/domain/decide';
import { OffersRepository } from './offers.repository';

/** What an agent answers to an invitation. Nobody but whom it was made to sees it: 404. */
@Injectable()
export class OffersService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly offers: OffersRepository,
    private readonly store: ThreadStore,
    private readonly standings: AgentStandings,
  ) {}

  /**
   * Takes the work. 409 `offer_ended` when it is too late, and then nothing changes; 409 `agent_full` when there is no room any more.
   * Accepting again what one has accepted answers the conversation.
   */
  accept(viewer: Viewer, id: string): Promise<Conversation> {
    return this.answer(viewer, id, 'accepted', async (tx, change, offer, now) => {
      const agent = (await this.standings.lock(tx, [viewer.id])).get(viewer.id);
      const { thread } = change;
      const still =
        thread.assignmentVersion === offer.assignmentVersion && thread.assigneeId === null && thread.status === 'open';
      if (!still && !breaks('offer-judged')) throw ended();
      if (agent === undefined || agent.disabled) throw conflict('agent_disabled', 'you are disabled');
      if (agent.load >= agent.capacity) throw conflict('agent_full', 'you have as many conversations as you may take');
      this.end(change, offer, 'accepted', now);
      assign(change, {
        agentId: viewer.id,
        by: 'routing',
        byId: null,
        overCapacity: false,
        at: now.toISOString(),
        newId,
      });
    });
  }

  /** Leaves the work to others; routing offers it to someone else. */
  decline(viewer: Viewer, id: string): Promise<Conversation> {
    return this.answer(viewer, id, 'declined', (_tx, change, offer, now) =>
      Promise.resolve(this.end(change, offer, 'declined', now)),
    );
  }

  private answer(
    viewer: Viewer,
    id: string,
    answer: 'accepted' | 'declined',
    act: (tx: Tx, change: ThreadChange, offer: StoredOffer, now: Date) => Promise<void>,
  ): Promise<Conversation> {
    return this.database.transaction(async (tx) => {
      const known = await this.offers.byId(tx, id);
      if (known?.agentId !== viewer.id) throw notFound('offer');
      const loaded = (await this.store.load(tx, [known.conversationId])).get(known.conversationId);
      // Read again: the conversation's lock is what decides.
      const offer = await this.offers.byId(tx, id);
      if (!loaded || offer === null) throw notFound('offer');
      const change = beginChange(loaded);
      const now = this.clock.now();
      const open = offer.state === 'open' || (breaks('offer-judged') && offer.state !== answer);
      if (open && offer.expiresAt > now.toISOString()) await act(tx, change, offer, now);
      else if (offer.state !== answer) throw ended();
      return (await this.store.save(tx, [change], now)).get(known.conversationId) as Conversation;
    });
  }

  private end(change: ThreadChange, offer: StoredOffer, answer: 'accepted' | 'declined', now: Date): void {
    endOffer(change, offer, answer, now.toISOString());
    change.routing.push({
      type: 'offer.answered',
      data: {
        offerId: offer.id,
        conversationId: offer.conversationId,
        agentId: offer.agentId,
        answer,
        version: offer.assignmentVersion,
      },
    });
  }
}

function ended(): Error {
  return conflict('offer_ended', 'this offer has ended');
}
