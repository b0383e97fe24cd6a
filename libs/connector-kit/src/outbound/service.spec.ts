import { wrap } from '@huiliu/bus';
import { type Conversation, type ConversationStatus, INBOX_EVENTS } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { eventually } from '@huiliu/testing';
import { ConnectorError } from '../contract/errors';
import { ToyApp } from '../testing/toy-app';

jest.setTimeout(30_000);
const AGENT = { id: newId(), name: 'Lin' };

describe('a platform that wants to know who serves a conversation', () => {
  let app: ToyApp;
  beforeAll(async () => void (app = await ToyApp.start()));
  afterAll(() => app.stop());
  beforeEach(() => {
    app.platform.served = [];
    app.platform.serve = () => undefined;
  });

  /** What the inbox commits when a conversation changes. */
  async function changes(id: string, status: ConversationStatus, assignee: typeof AGENT | null, at = new Date()) {
    const conversation: Conversation = {
      id,
      channel: 'toy',
      accountId: app.accountId,
      contact: { id: newId(), name: 'C', remoteId: `remote-${id}` },
      status,
      assignee,
      teamId: null,
      tags: [],
      priority: 'normal',
      lastMessage: null,
      unread: 0,
      waitingSince: null,
      replyWindow: null,
      session: null,
      createdAt: at.toISOString(),
      updatedAt: at.toISOString(),
    };
    const access = { assigneeId: assignee?.id ?? null, teamId: null, accountId: app.accountId };
    await app.bus.publish([wrap(INBOX_EVENTS, 'conversation.updated', id, { conversation, access, before: null }, at)]);
  }
  const told = (id: string): string[] =>
    app.platform.served.filter(({ conversationId }) => conversationId === id).map(({ state }) => state);
  const sees = (id: string, ...states: string[]) =>
    eventually(`${states.join(', ')}`, () => JSON.stringify(told(id)) === JSON.stringify(states), 15_000);

  it('is told once per change, and of nothing else', async () => {
    const id = newId();
    await changes(id, 'open', null);
    await sees(id, 'waiting');
    await changes(id, 'open', AGENT);
    await sees(id, 'waiting', 'serving');
    expect(app.platform.served.at(-1)).toMatchObject({ remoteContactId: `remote-${id}`, state: 'serving' });
    await changes(id, 'snoozed', AGENT);
    await changes(id, 'resolved', null);
    await sees(id, 'waiting', 'serving', 'ended');
  });

  it('is told that a conversation has ended when what was written before has left', async () => {
    const id = newId();
    const order: string[] = [];
    app.platform.answer = async ({ key }) => {
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      order.push('sent');
      return { remoteId: `r:${key}` };
    };
    app.platform.serve = ({ state }) => void order.push(state);
    await app.send(['goodbye'], id);
    await changes(id, 'resolved', null);
    await sees(id, 'ended');
    expect(order).toEqual(['sent', 'ended']);
  });

  it('is told again where it does not answer, and left alone where it refuses', async () => {
    const [busy, refused, expired, after] = [newId(), newId(), newId(), newId()];
    let failures = 2;
    app.platform.serve = ({ conversationId }) => {
      if (conversationId === refused) throw new ConnectorError('rejected', 'no', 'no');
      if (conversationId === expired && app.platform.refreshes === 0)
        throw new ConnectorError('auth', 'expired', 'expired');
      if (conversationId === busy && failures-- > 0) throw new ConnectorError('transient', 'busy', 'busy');
    };
    await changes(busy, 'open', AGENT);
    await changes(refused, 'open', AGENT);
    await changes(expired, 'open', AGENT);
    await changes(after, 'open', AGENT);
    await sees(after, 'serving');
    await sees(refused, 'serving');
    await sees(expired, 'serving', 'serving');
    await eventually('told until it answered', () => told(busy).length === 3);
  });

  it('is not told what was decided so long ago that it may be over there', async () => {
    const [old, fresh] = [newId(), newId()];
    await changes(old, 'resolved', null, new Date(Date.now() - 700_000));
    await changes(fresh, 'open', AGENT);
    await sees(fresh, 'serving');
    expect(told(old)).toEqual([]);
  });
});
