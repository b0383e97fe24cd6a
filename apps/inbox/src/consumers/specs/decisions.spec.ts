import type { AssignmentChanged, Conversation, ConversationFact, Offer } from '@huiliu/contracts';
import { anId } from '@huiliu/testing';
import type { Viewer } from '../../auth/viewer';
import { snooze } from '../../conversations/domain/turns';
import {
  DATABASES,
  byHand,
  decided,
  openTestInbox,
  resolveByHand,
  told,
  type TestInbox,
} from '../../testing/test-inbox';

describe.each(DATABASES)('decisions (%s)', (on) => {
  let inbox: TestInbox;
  beforeEach(async () => {
    inbox = await openTestInbox({ on });
  });
  afterEach(() => inbox.close());

  const shown = (id: string): Conversation =>
    inbox.outbox
      .of<ConversationFact>('conversation.updated')
      .map(({ conversation }) => conversation)
      .findLast((conversation) => conversation.id === id)!;
  const refusals = () =>
    inbox.outbox.of<{ reason: string; agentId: string }>('decision.refused').map(({ reason }) => reason);
  const kept = async (id: string) =>
    (await inbox.rows('SELECT type FROM inbox_decisions WHERE conversation_id = ? ORDER BY id', [id]))
      .map((row) => row.type)
      .sort();
  const viewer = (id: string): Viewer => ({ id, name: '小王', role: 'agent' });

  async function work(customer = anId()): Promise<string> {
    await inbox.inbound(told(inbox, customer));
    return inbox.outbox.of<ConversationFact>('conversation.updated').at(-1)!.conversation.id;
  }

  it('assign a conversation, begin a segment, and tell routing', async () => {
    const [agent, id] = [await inbox.addAgent(), await work()];
    await inbox.decisions(
      decided(inbox, 'work.queued', id, 0),
      decided(inbox, 'work.assigned', id, 0, { agentId: agent }),
    );
    expect(shown(id).assignee).toEqual({ id: agent, name: '小王' });
    expect(inbox.outbox.of<AssignmentChanged>('assignment.changed')).toMatchObject([
      { conversationId: id, version: 1, agentId: agent, by: 'routing' },
    ]);
    expect(await inbox.rows('SELECT agent_id, ended_at, over_capacity, assigned_by FROM inbox_segments')).toMatchObject(
      [{ agent_id: agent, ended_at: null, assigned_by: 'routing' }],
    );
    expect(await kept(id)).toEqual(['assigned', 'queued']);
  });

  it('are refused when they saw an older version, the work is closed, or the agent is full or not there', async () => {
    const agent = await inbox.addAgent({ capacity: 1 });
    const [first, second, third] = [await work(), await work(), await work()];
    await inbox.decisions(
      decided(inbox, 'work.assigned', first, 0, { agentId: agent }),
      decided(inbox, 'work.assigned', second, 0, { agentId: agent }),
    );
    expect(refusals()).toEqual(['full']);
    await inbox.decisions(decided(inbox, 'work.assigned', first, 0, { agentId: agent }));
    expect(refusals().at(-1)).toBe('stale');
    for (const presence of ['paused', 'away', 'offline']) {
      await inbox.setAgent(agent, { presence, capacity: 5 });
      await inbox.decisions(decided(inbox, 'work.assigned', second, 0, { agentId: agent }));
      expect(refusals().at(-1)).toBe('ineligible');
    }
    await inbox.setAgent(agent, { presence: 'online', disabled: true });
    await inbox.decisions(
      decided(inbox, 'work.assigned', second, 0, { agentId: agent }),
      decided(inbox, 'work.assigned', second, 0, { agentId: anId() }),
    );
    expect(refusals().slice(-2)).toEqual(['ineligible', 'ineligible']);
    await resolveByHand(inbox, third, agent);
    await inbox.decisions(decided(inbox, 'work.assigned', third, 0, { agentId: agent }));
    expect(refusals().at(-1)).toBe('closed');
    expect([shown(second).assignee, shown(third).assignee]).toEqual([null, null]);
  });

  it('that are told twice, where the bus does not see it, are one decision', async () => {
    const [agent, id] = [await inbox.addAgent(), await work()];
    const queued = decided(inbox, 'work.queued', id, 0);
    const twice = decided(inbox, 'work.assigned', id, 0, { agentId: agent });
    await inbox.decisions(queued, queued, twice, twice);
    expect(shown(id).assignee?.id).toBe(agent);
    expect(await kept(id)).toHaveLength(2);
  });

  it('hold the capacity however many come at once', async () => {
    const agent = await inbox.addAgent({ capacity: 3 });
    const ids = [];
    for (let n = 0; n < 8; n++) ids.push(await work());
    const before = inbox.database.statements;
    await Promise.all([
      inbox.decisions(...ids.slice(0, 4).map((id) => decided(inbox, 'work.assigned', id, 0, { agentId: agent }))),
      inbox.decisions(...ids.slice(4).map((id) => decided(inbox, 'work.assigned', id, 0, { agentId: agent }))),
    ]);
    const [load] = await inbox.rows('SELECT COUNT(*) AS n FROM inbox_conversations WHERE assignee_id = ?', [agent]);
    expect(Number(load?.n)).toBe(3);
    expect(refusals()).toEqual(['full', 'full', 'full', 'full', 'full']);
    expect(inbox.database.statements - before).toBeLessThanOrEqual(2 * 9);
  });

  it('take work from an agent who is gone, with its age; not from one who came back', async () => {
    const [agent, id] = [await inbox.addAgent(), await work()];
    await inbox.decisions(decided(inbox, 'work.assigned', id, 0, { agentId: agent }));
    inbox.clock.advance(60_000);
    await inbox.decisions(decided(inbox, 'work.requeued', id, 1, { agentId: agent }));
    expect(refusals()).toEqual(['stale']);
    await inbox.setAgent(agent, { gone: true });
    await inbox.decisions(decided(inbox, 'work.requeued', id, 1, { agentId: agent }));
    expect(shown(id).assignee).toBeNull();
    expect(inbox.outbox.of('work.created').at(-1)).toMatchObject({
      version: 2,
      lastAgentId: agent,
      waitingSince: '2026-11-23T12:00:00.000Z',
    });
    expect(inbox.outbox.of<AssignmentChanged>('assignment.changed').at(-1)).toMatchObject({
      agentId: null,
      version: 2,
    });
  });

  describe('that offer work', () => {
    let agent: string;
    let id: string;
    const offerId = (): string => inbox.outbox.of<{ offer: Offer }>('offer.created').at(-1)!.offer.id;
    const ended = (): string[] => inbox.outbox.of<{ offer: Offer }>('offer.ended').map(({ offer }) => offer.state);
    const offer = (to = agent, version = 0) =>
      inbox.decisions(
        decided(inbox, 'work.offered', id, version, {
          agentId: to,
          offerId: anId(),
          expiresAt: new Date(inbox.clock.now().getTime() + 30_000).toISOString(),
        }),
      );

    beforeEach(async () => {
      agent = await inbox.addAgent({ capacity: 1 });
      id = await work();
      await offer();
    });

    it('give it to whom accepts, once; the other is too late', async () => {
      await expect(inbox.offers.accept(viewer(anId()), offerId())).rejects.toMatchObject({ status: 404 });
      await inbox.offers.accept(viewer(agent), offerId());
      await expect(inbox.offers.decline(viewer(agent), offerId())).rejects.toMatchObject({ code: 'offer_ended' });
      expect(await inbox.offers.accept(viewer(agent), offerId())).toMatchObject({ assignee: { id: agent } });
      expect(ended()).toEqual(['accepted']);
      expect(inbox.outbox.of('offer.answered')).toMatchObject([{ answer: 'accepted', version: 0 }]);
      expect(inbox.outbox.of('assignment.changed')).toMatchObject([{ agentId: agent, version: 1 }]);
    });

    it('end once when they are accepted and declined at once, as the first of the two said', async () => {
      const outcomes = await Promise.allSettled([
        inbox.offers.accept(viewer(agent), offerId()),
        inbox.offers.decline(viewer(agent), offerId()),
      ]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const answered = inbox.outbox.of<{ answer: string }>('offer.answered').map(({ answer }) => answer);
      expect(answered).toHaveLength(1);
      expect(answered).toEqual(ended());
    });

    it('go elsewhere when declined', async () => {
      await inbox.offers.decline(viewer(agent), offerId());
      await expect(inbox.offers.accept(viewer(agent), offerId())).rejects.toMatchObject({
        status: 409,
        code: 'offer_ended',
      });
      const other = await inbox.addAgent();
      await offer(other);
      expect((await inbox.offers.accept(viewer(other), offerId())).assignee?.id).toBe(other);
    });

    it('have one open offer at most', async () => {
      await offer(await inbox.addAgent());
      expect(refusals()).toEqual(['ineligible']);
    });

    it('lapse on time, here too, and routing’s word of it comes after', async () => {
      const first = offerId();
      inbox.clock.advance(30_000);
      await expect(inbox.offers.accept(viewer(agent), first)).rejects.toMatchObject({ code: 'offer_ended' });
      await inbox.offerExpiry.settleDue();
      expect(ended()).toEqual(['expired']);
      await inbox.decisions(decided(inbox, 'offer.expired', id, 0, { agentId: agent, offerId: first }));
      expect(ended()).toEqual(['expired']);
      expect(await kept(id)).toEqual(['offer_expired', 'offered']);
    });

    it('respect the room that is left', async () => {
      const full = await work();
      await inbox.decisions(decided(inbox, 'work.assigned', full, 0, { agentId: agent }));
      await expect(inbox.offers.accept(viewer(agent), offerId())).rejects.toMatchObject({ code: 'agent_full' });
    });

    it('are withdrawn when a person decides', async () => {
      await byHand(inbox, id, (change, tx, now) => inbox.assignments.assign(tx, change, agent, agent, now));
      expect(ended()).toEqual(['withdrawn']);
      expect(await kept(id)).toEqual(['by_hand', 'offered']);
    });
  });

  it('by hand may go over capacity, and it is kept', async () => {
    const agent = await inbox.addAgent({ capacity: 0, presence: 'offline' });
    const id = await work();
    await byHand(inbox, id, (change, tx, now) => inbox.assignments.assign(tx, change, agent, agent, now));
    expect(await inbox.rows('SELECT over_capacity, assigned_by FROM inbox_segments')).toMatchObject([
      { over_capacity: 1, assigned_by: agent },
    ]);
    expect(inbox.outbox.of('assignment.changed')).toMatchObject([{ by: 'hand', agentId: agent }]);
  });

  it('wake what was snoozed when it is due: with its agent, or through routing when they have gone', async () => {
    const agent = await inbox.addAgent();
    const [kept, left] = [await work(), await work()];
    const other = await inbox.addAgent();
    await inbox.decisions(
      decided(inbox, 'work.assigned', kept, 0, { agentId: agent }),
      decided(inbox, 'work.assigned', left, 0, { agentId: other }),
    );
    for (const id of [kept, left]) await byHand(inbox, id, (change) => snooze(change, '2026-11-23T13:00:00.000Z'));
    await inbox.setAgent(other, { gone: true });
    await inbox.waker.settleDue();
    expect([shown(kept).status, shown(left).status]).toEqual(['snoozed', 'snoozed']);
    inbox.clock.set('2026-11-23T13:00:00.000Z');
    await inbox.waker.settleDue();
    expect(shown(kept)).toMatchObject({ status: 'open', assignee: { id: agent } });
    expect(shown(left)).toMatchObject({ status: 'open', assignee: null });
    expect(inbox.outbox.of<AssignmentChanged>('assignment.changed').filter(({ by }) => by === 'system')).toMatchObject([
      { conversationId: kept, agentId: agent },
      { conversationId: left, agentId: null },
    ]);
    expect(inbox.outbox.of('work.created').at(-1)).toMatchObject({
      conversationId: left,
      waitingSince: '2026-11-23T12:00:00.000Z',
    });
  });
});
