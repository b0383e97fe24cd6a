import type { Conversation, ConversationFact, MessageFact, WorkCreated } from '@huiliu/contracts';
import { messageIdOf } from '@huiliu/platform';
import { anId } from '@huiliu/testing';
import { DATABASES, decided, openTestInbox, resolveByHand, told, type TestInbox } from '../../testing/test-inbox';

describe.each(DATABASES)('inbound events (%s)', (on) => {
  let inbox: TestInbox;
  beforeEach(async () => {
    inbox = await openTestInbox({ on });
  });
  afterEach(() => inbox.close());

  const conversation = (): Conversation =>
    inbox.outbox.of<ConversationFact>('conversation.updated').at(-1)!.conversation;

  it('make a contact, a conversation and a session, and ask routing for an agent', async () => {
    await inbox.inbound(told(inbox, 'a'), told(inbox, 'a'));
    const [first, second] = inbox.outbox.of<MessageFact>('message.created');
    expect([first?.message.seq, second?.message.seq]).toEqual([1, 2]);
    expect(first).toMatchObject({
      public: true,
      message: { direction: 'inbound', state: 'received', author: { type: 'contact', name: 'a先生' } },
    });
    expect(inbox.outbox.of('conversation.updated')).toMatchObject([{ before: null }]);
    expect(conversation()).toMatchObject({
      status: 'open',
      unread: 2,
      assignee: null,
      contact: { name: 'a先生', remoteId: 'a' },
      waitingSince: '2026-11-23T12:00:00.000Z',
      session: { startedAt: '2026-11-23T12:00:00.000Z', firstReplyAt: null },
      lastMessage: { seq: 2 },
      replyWindow: null,
    });
    expect(inbox.outbox.of<WorkCreated>('work.created')).toMatchObject([
      { conversationId: conversation().id, version: 0, lastAgentId: null },
    ]);
  });

  it('are stored once: told again, in another event, in the same batch or among new ones', async () => {
    const clientId = 'c-1';
    const first = told(inbox, 'a', { clientId, remoteId: 'r-1' });
    await inbox.inbound(first, told(inbox, 'a', { clientId, remoteId: 'r-1' }));
    await inbox.inbound(first);
    await inbox.inbound(
      told(inbox, 'a', { remoteId: 'r-2' }),
      told(inbox, 'a', { clientId, remoteId: 'r-1b' }),
      told(inbox, 'b', { remoteId: 'r-3' }),
      told(inbox, 'a', { remoteId: 'r-2' }),
    );
    const facts = inbox.outbox.of<MessageFact>('message.created').map(({ message }) => [message.remoteId, message.seq]);
    expect(facts).toEqual([
      ['r-1', 1],
      ['r-2', 2],
      ['r-3', 1],
    ]);
    const [row] = await inbox.rows('SELECT id FROM inbox_messages WHERE client_id = ?', [clientId]);
    const [thread] = await inbox.rows<{ id: string; unread: number }>(
      "SELECT id, unread FROM inbox_conversations WHERE remote_conversation_id = 'a'",
    );
    expect(row?.id).toBe(messageIdOf(thread!.id, 'inbound', clientId));
    expect(Number(thread?.unread)).toBe(2);
  });

  it('adopt the ids that a connector has minted, and refuse one that is another conversation’s', async () => {
    const [conversationId, contactId, messageId] = [anId(), anId(), anId()];
    await inbox.inbound(
      told(inbox, 'a', { conversationId, messageId, contact: { remoteId: 'a', contactId, verified: false } }),
    );
    expect(conversation()).toMatchObject({
      id: conversationId,
      contact: { id: contactId },
      lastMessage: { id: messageId },
    });
    await expect(inbox.inbound(told(inbox, 'b', { conversationId }))).rejects.toThrow(/belongs to another/);
    expect(inbox.outbox.of('message.created')).toHaveLength(1);
  });

  it('never join a contact that is only claimed', async () => {
    const contactId = anId();
    const claims = (verified: boolean) => ({ contactId, verified, name: 'x' });
    await inbox.inbound(told(inbox, 'a', { contact: { remoteId: 'a', ...claims(false) } }));
    await inbox.inbound(told(inbox, 'b', { contact: { remoteId: 'b', ...claims(false) } }));
    expect(conversation().contact.id).not.toBe(contactId);
    await inbox.inbound(told(inbox, 'c', { contact: { remoteId: 'c', ...claims(true) } }));
    expect(conversation().contact.id).toBe(contactId);
  });

  it('of an unknown account, or of another channel’s, are refused with the reason', async () => {
    await expect(inbox.inbound(told(inbox, 'a', { accountId: anId() }))).rejects.toThrow(/is not a fake account/);
    await expect(inbox.inbound(told(inbox, 'a', { channel: 'other' }))).rejects.toThrow(/is not a other account/);
  });

  it('re-open what was resolved, with a new session, and keep whom the customer had', async () => {
    const agent = await inbox.addAgent();
    await inbox.inbound(told(inbox, 'a'));
    const { id, session } = conversation();
    await inbox.decisions(decided(inbox, 'work.assigned', id, 0, { agentId: agent }));
    await resolveByHand(inbox, id, agent);
    inbox.clock.advance(60_000);
    await inbox.inbound(told(inbox, 'a'));
    expect(conversation()).toMatchObject({ status: 'open', assignee: null, waitingSince: '2026-11-23T12:01:00.000Z' });
    expect(conversation().session?.id).not.toBe(session?.id);
    expect(inbox.outbox.of<WorkCreated>('work.created').at(-1)).toMatchObject({
      lastAgentId: agent,
      version: 2,
      waitingSince: '2026-11-23T12:01:00.000Z',
    });
  });

  it('reach a present agent without routing, and go to another when the agent has gone', async () => {
    const agent = await inbox.addAgent();
    await inbox.inbound(told(inbox, 'a'));
    const { id } = conversation();
    await inbox.decisions(decided(inbox, 'work.assigned', id, 0, { agentId: agent }));
    await inbox.inbound(told(inbox, 'a'));
    expect(inbox.outbox.of('work.created')).toHaveLength(1);
    expect(conversation().assignee).toEqual({ id: agent, name: '小王' });
    await inbox.setAgent(agent, { gone: true });
    await inbox.inbound(told(inbox, 'a'));
    expect(conversation().assignee).toBeNull();
    expect(inbox.outbox.of<WorkCreated>('work.created').at(-1)).toMatchObject({ version: 2, lastAgentId: agent });
    const segments = await inbox.rows('SELECT end_reason FROM inbox_segments WHERE conversation_id = ?', [id]);
    expect(segments).toMatchObject([{ end_reason: 'agent_gone' }]);
  });

  it('of us in the platform’s own tool stop the clock; system lines do not start it', async () => {
    await inbox.inbound(
      told(inbox, 'a', {
        direction: 'system',
        content: { kind: 'event', text: '', event: { type: 'follow', key: null, platformType: 'subscribe' } },
      }),
    );
    expect(conversation()).toMatchObject({
      status: 'resolved',
      unread: 0,
      session: null,
      lastMessage: { direction: 'system', author: { type: 'system' } },
    });
    expect(inbox.outbox.of<MessageFact>('message.created').at(-1)?.public).toBe(false);
    await inbox.inbound(told(inbox, 'a'));
    expect(conversation()).toMatchObject({ status: 'open', unread: 1 });
    await inbox.inbound(told(inbox, 'a', { direction: 'outbound', authorName: '店主' }));
    expect(conversation()).toMatchObject({
      unread: 0,
      waitingSince: null,
      lastMessage: { direction: 'outbound', state: 'sent', author: { type: 'external', name: '店主' } },
      session: { firstReplyAt: '2026-11-23T12:00:00.000Z' },
    });
  });

  it('edit and recall messages, of this batch or stored, and keep what was recalled', async () => {
    const at = inbox.clock.now().toISOString();
    await inbox.inbound(
      told(inbox, 'a', { remoteId: 'r-1' }),
      told(inbox, 'a', { remoteId: 'r-1', content: { kind: 'text', text: 'better' }, editedAt: at }, 'message.edited'),
    );
    expect(inbox.outbox.of<MessageFact>('message.created')).toMatchObject([
      { message: { content: { text: 'better' } } },
    ]);
    await inbox.inbound(told(inbox, 'a', { remoteId: 'r-1', recalledAt: at }, 'message.recalled'));
    await inbox.inbound(told(inbox, 'a', { remoteId: 'nobody-knows', recalledAt: at }, 'message.recalled'));
    expect(inbox.outbox.of<MessageFact>('message.updated')).toMatchObject([
      { message: { recalledAt: at, content: { text: 'better' } } },
    ]);
  });

  it('whose platform calls them by their id here are stored once, edited and recalled by it', async () => {
    const at = inbox.clock.now().toISOString();
    const [remoteId, other] = [anId(), anId()];
    const first = told(inbox, 'a', { remoteId, messageId: remoteId });
    await inbox.inbound(
      first,
      told(inbox, 'a', { remoteId, messageId: remoteId }),
      told(inbox, 'a', { remoteId, content: { kind: 'text', text: 'better' }, editedAt: at }, 'message.edited'),
    );
    await inbox.inbound(first, told(inbox, 'a', { remoteId: other, messageId: other }));
    expect(inbox.outbox.of<MessageFact>('message.created').map(({ message }) => message.id)).toEqual([remoteId, other]);
    expect(inbox.outbox.of<MessageFact>('message.created')[0]).toMatchObject({
      message: { content: { text: 'better' } },
    });
    await inbox.inbound(told(inbox, 'b'), told(inbox, 'b', { remoteId, recalledAt: at }, 'message.recalled'));
    expect(inbox.outbox.of('message.updated')).toHaveLength(0);
    await inbox.inbound(told(inbox, 'a', { remoteId, recalledAt: at }, 'message.recalled'));
    expect(inbox.outbox.of<MessageFact>('message.updated')).toMatchObject([
      { message: { id: remoteId, recalledAt: at } },
    ]);
  });

  it('cannot change another conversation’s message', async () => {
    await inbox.inbound(told(inbox, 'a', { remoteId: 'r-1' }), told(inbox, 'b'));
    await inbox.inbound(
      told(inbox, 'b', { remoteId: 'r-1', recalledAt: inbox.clock.now().toISOString() }, 'message.recalled'),
    );
    expect(inbox.outbox.of('message.updated')).toHaveLength(0);
  });

  it('that only say who is there make no conversation', async () => {
    await inbox.inbound(told(inbox, 'a', { at: inbox.clock.now().toISOString() }, 'contact.entered'));
    expect(await inbox.rows('SELECT id FROM inbox_conversations')).toHaveLength(0);
  });

  it('take over what a customer is called now', async () => {
    await inbox.inbound(told(inbox, 'a'));
    await inbox.inbound(told(inbox, 'a', { contact: { remoteId: 'a', name: '新名字', verified: false } }));
    expect(conversation().contact.name).toBe('新名字');
    expect(conversation().lastMessage?.author.name).toBe('新名字');
  });

  it('by another address join the thread with their own author', async () => {
    await inbox.inbound(told(inbox, 'a'));
    await inbox.inbound(told(inbox, 'a', { contact: { remoteId: 'other@x', name: 'Other', verified: false } }));
    expect(conversation()).toMatchObject({
      contact: { remoteId: 'a' },
      lastMessage: { author: { type: 'contact', id: null, name: 'Other' } },
    });
  });

  it('take the same few statements, however many they are', async () => {
    const cost = async (customers: string, n: number): Promise<number> => {
      const before = inbox.database.statements;
      await inbox.inbound(...Array.from({ length: n }, (_, i) => told(inbox, `${customers}-${i}`)));
      return inbox.database.statements - before;
    };
    const few = { fresh: await cost('few', 2), known: await cost('few', 2) };
    expect({ fresh: await cost('many', 200), known: await cost('many', 200) }).toEqual(few);
    // Beside these: one to claim, one for the outbox.
    expect(few).toEqual({ fresh: 10, known: 4 });
  });
});
