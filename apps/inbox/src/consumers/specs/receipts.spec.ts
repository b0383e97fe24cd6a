import type { Conversation, ConversationFact, Envelope, MessageFact, Receipt } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { anEnvelope, anId } from '@huiliu/testing';
import { append } from '../../conversations/domain/thread';
import { answerDraft } from '../../messages/domain/drafts';
import { reserve } from '../../messages/outgoing';
import { DATABASES, byHand, definitionOf, openTestInbox, told, type TestInbox } from '../../testing/test-inbox';

const ME = { id: anId(), name: '小王' };

describe.each(DATABASES)('receipts (%s)', (on) => {
  let inbox: TestInbox;
  let id: string;

  beforeEach(async () => {
    inbox = await openTestInbox({ on, windows: true });
    await inbox.inbound(told(inbox, 'a', { opens: 'message' }));
    id = conversation().id;
  });
  afterEach(() => inbox.close());

  const conversation = (): Conversation =>
    inbox.outbox.of<ConversationFact>('conversation.updated').at(-1)!.conversation;
  const last = (): MessageFact['message'] => inbox.outbox.of<MessageFact>('message.updated').at(-1)!.message;

  /** Sends a text of so many parts, as the service does. */
  async function send(parts = 1): Promise<string> {
    const messageId = newId();
    await byHand(inbox, id, (change, _tx, now) => {
      reserve(change, definitionOf('fake', true), { id: messageId, attempt: 1 }, parts, now);
      append(change, answerDraft(messageId, ME, { kind: 'text', text: 'hi' }, messageId, now));
    });
    return messageId;
  }

  function receipt(state: Receipt['state'], over: Partial<Receipt>): Envelope {
    const data: Receipt = {
      accountId: inbox.accountId,
      conversationId: id,
      messageId: null,
      attempt: over.messageId ? 1 : null,
      remoteId: null,
      remoteIds: [],
      state,
      error: null,
      at: inbox.clock.now().toISOString(),
      ...over,
    };
    return anEnvelope('receipt', id, data);
  }

  it('advance a message and never take it back', async () => {
    const messageId = await send();
    await inbox.receipts(receipt('accepted', { messageId, remoteIds: ['r-1'] }));
    expect(last()).toMatchObject({ state: 'sent', remoteId: 'r-1', remoteIds: ['r-1'] });
    await inbox.receipts(receipt('read', { remoteId: 'r-1' }), receipt('delivered', { remoteId: 'r-1' }));
    expect(last().state).toBe('read');
    await inbox.receipts(receipt('failed', { remoteId: 'r-1', error: { kind: 'rejected', code: '1', message: 'no' } }));
    expect(last().state).toBe('read');
  });

  it('fail what was sent, end what is unknown, and do nothing for an attempt that is over', async () => {
    const [sent, unknown] = [await send(), await send()];
    const error = { kind: 'rejected' as const, code: '1', message: 'no' };
    await inbox.receipts(
      receipt('accepted', { messageId: sent, remoteIds: ['r-1'] }),
      receipt('failed', { messageId: sent, error }),
      receipt('unknown', { messageId: unknown, error: { ...error, kind: 'outcome_unknown' } }),
    );
    const states = async () =>
      [...(await inbox.messages.byIds(inbox.database, [sent, unknown])).values()].map((message) => [
        message.id === sent ? 'sent' : 'unknown',
        message.state,
      ]);
    expect(Object.fromEntries(await states())).toEqual({ sent: 'failed', unknown: 'unknown' });
    await inbox.receipts(receipt('accepted', { messageId: unknown, attempt: 1, remoteIds: ['r-2'] }));
    expect(Object.fromEntries(await states())).toEqual({ sent: 'failed', unknown: 'sent' });
    await inbox.database.transaction((tx) =>
      tx.execute("UPDATE inbox_messages SET attempt = 2, state = 'queued' WHERE id = ?", [sent]),
    );
    await inbox.receipts(receipt('failed', { messageId: sent, attempt: 1, error }));
    expect(Object.fromEntries(await states())).toMatchObject({ sent: 'queued' });
  });

  it('pay back what was certainly refused but for the parts that went out, and nothing for what is unknown', async () => {
    const left = async () =>
      (await inbox.windows.ofConversations(inbox.database, [id]))
        .get(id)!
        .map((window) => window.total! - window.spent);
    const [refused, unknown] = [await send(3), await send(1)];
    expect(await left()).toEqual([1]);
    const error = { kind: 'rejected' as const, code: '1', message: 'no' };
    await inbox.receipts(receipt('unknown', { messageId: unknown, error: { ...error, kind: 'outcome_unknown' } }));
    expect(await left()).toEqual([1]);
    const event = receipt('failed', { messageId: refused, error, failedPart: 2, remoteIds: ['p-1'] });
    await inbox.receipts(event);
    await inbox.receipts(event);
    expect(await left()).toEqual([3]);
    expect(conversation().replyWindow?.remaining).toBe(3);
    await inbox.receipts(receipt('failed', { messageId: unknown, error }));
    expect(await left()).toEqual([4]);
  });

  it('believe the platform that says the window is closed', async () => {
    const messageId = await send();
    await inbox.receipts(
      receipt('failed', { messageId, error: { kind: 'window_closed', code: '45015', message: 'closed' } }),
    );
    expect(conversation().replyWindow?.remaining).toBe(0);
    expect(conversation().contact.name).toBe('a先生');
    expect(conversation().lastMessage).toMatchObject({ id: messageId, state: 'failed', error: { code: '45015' } });
  });

  it('for a split text count from its last part; any other proves itself alone', async () => {
    const messageId = await send(2);
    await inbox.receipts(receipt('accepted', { messageId, remoteIds: ['p-1', 'p-2'] }));
    await inbox.receipts(receipt('delivered', { remoteId: 'p-1' }));
    expect(last().state).toBe('sent');
    await inbox.receipts(receipt('delivered', { remoteId: 'p-2' }));
    expect(last().state).toBe('delivered');
  });

  it('that a message was read tell that what came before it was', async () => {
    const [first, second] = [await send(), await send()];
    await inbox.receipts(
      receipt('accepted', { messageId: first, remoteIds: ['r-1'] }),
      receipt('accepted', { messageId: second, remoteIds: ['r-2'] }),
      receipt('read', { messageId: second, remoteId: 'r-2' }),
    );
    const states = async (...ids: string[]) =>
      [...(await inbox.messages.byIds(inbox.database, ids)).values()].map((message) => message.state);
    expect(await states(first, second)).toEqual(['read', 'read']);
    const [third, fourth] = [await send(), await send()];
    await inbox.receipts(receipt('accepted', { messageId: third, remoteIds: ['r-3'] }));
    await inbox.receipts(receipt('read', { messageId: fourth }));
    expect(await states(third, fourth)).toEqual(['read', 'read']);
  });

  it('wait for the answer to the send that they speak of', async () => {
    const messageId = await send();
    await inbox.receipts(receipt('delivered', { remoteId: 'r-1', conversationId: null }));
    await inbox.receipts(receipt('accepted', { messageId, remoteIds: ['r-1'] }));
    expect(last()).toMatchObject({ id: messageId, state: 'delivered' });
    expect(await inbox.rows('SELECT id FROM inbox_waiting_receipts')).toHaveLength(0);
  });

  it('are applied late when both came at once, and shown to agents after ten minutes when nobody knows of them', async () => {
    const messageId = await send();
    await inbox.receipts(receipt('accepted', { messageId, remoteIds: ['r-1'] }));
    await inbox.receipts(
      receipt('failed', { remoteId: 'nobody-knows', error: { kind: 'rejected', code: '550', message: 'no such box' } }),
    );
    const waiting = receipt('delivered', { remoteId: 'r-1' }).data;
    await inbox.database.transaction((tx) =>
      tx.execute(
        'INSERT INTO inbox_waiting_receipts (id, remote_key, receipt, expires_at) SELECT ?, remote_key, ?, ? FROM inbox_remote_ids',
        [anId(), JSON.stringify(waiting), '2026-11-23 12:10:00.000'],
      ),
    );
    await inbox.waiting.settleDue();
    expect(last().state).toBe('delivered');
    expect(await inbox.rows('SELECT id FROM inbox_waiting_receipts')).toHaveLength(1);
    inbox.clock.advance(10 * 60_000);
    await inbox.waiting.settleDue();
    expect(await inbox.rows('SELECT id FROM inbox_waiting_receipts')).toHaveLength(0);
    const shown = inbox.outbox.of<MessageFact>('message.created').at(-1)!;
    expect(shown).toMatchObject({ public: false, message: { direction: 'system', conversationId: id } });
    expect(shown.message.content.text).toContain('550: no such box');
  });

  it('that are told twice, where the bus does not see it, wait once', async () => {
    const twice = receipt('delivered', { remoteId: 'r-1' });
    await inbox.receipts(twice, twice);
    expect(await inbox.rows('SELECT id FROM inbox_waiting_receipts')).toEqual([{ id: twice.id }]);
  });

  it('of another account, or for another conversation, change nothing', async () => {
    const messageId = await send();
    await inbox.receipts(
      receipt('accepted', { messageId, accountId: anId(), remoteIds: ['r-1'] }),
      receipt('accepted', { messageId, conversationId: anId() }),
    );
    expect(inbox.outbox.of('message.updated')).toHaveLength(0);
    expect(await inbox.rows('SELECT remote_key FROM inbox_remote_ids')).toHaveLength(0);
  });

  it('say that a message was taken back, or why not', async () => {
    const messageId = await send();
    await inbox.receipts(receipt('accepted', { messageId, remoteIds: ['r-1'] }));
    await inbox.receipts(
      receipt('recall_failed', { messageId, error: { kind: 'rejected', code: '9', message: 'too late' } }),
    );
    expect(last()).toMatchObject({ state: 'sent', error: { code: '9' }, recalledAt: null });
    await inbox.receipts(receipt('recalled', { messageId }));
    expect(last()).toMatchObject({ state: 'sent', recalledAt: '2026-11-23T12:00:00.000Z', content: { text: 'hi' } });
  });

  it('know the echo of what we sent for no message', async () => {
    const messageId = await send();
    await inbox.receipts(receipt('accepted', { messageId, remoteIds: ['r-1'] }));
    const before = inbox.outbox.of('message.created').length;
    await inbox.inbound(told(inbox, 'a', { direction: 'outbound', remoteId: 'r-1' }));
    expect(inbox.outbox.of('message.created')).toHaveLength(before);
  });
});
