import {
  CHANNEL_RECEIPTS,
  type Conversation,
  type Message,
  type MessageFact,
  type VisitorMessage,
} from '@huiliu/contracts';
import { InternalAuth, messageIdOf, newId } from '@huiliu/platform';
import { wrap } from '@huiliu/bus';
import { call, eventually } from '@huiliu/testing';
import type { Person } from '../../testing/edges-app';
import { CoreApp } from '../../testing/core-app';

const text = (words: string) => ({ kind: 'text', text: words });

describe('messages by REST', () => {
  let app: CoreApp;
  let anna: Person;
  let bob: Person;
  beforeAll(async () => {
    app = await CoreApp.start();
    [anna, bob] = [await app.person(), await app.person()];
  });
  afterAll(() => app.stop());

  const post = <T = Message>(id: string, json: unknown, who = anna) =>
    app.call<T>(who, 'POST', `/conversations/${id}/messages`, json);
  const one = async (id: string) => (await app.call<Conversation>(app.admin, 'GET', `/conversations/${id}`)).body;
  const act = (message: Message, action: string, json: unknown = {}, who = anna) =>
    app.call<Conversation & { error?: { code: string } }>(
      who,
      'POST',
      `/conversations/${message.conversationId}/messages/${message.id}/${action}`,
      json,
    );
  const sentFor = (message: Message, atLeast: number) =>
    eventually(`${atLeast} sends`, () => {
      const found = app.sent.filter(({ messageId }) => messageId === message.id);
      return found.length >= atLeast && found;
    });

  it('answers: stored at once, sent once, the clock stopped, the conversation its writer’s', async () => {
    const { id, lastMessage } = await app.writes('post-1');
    const { status, body } = await post(id, { clientId: 'c-1', content: text('你好') });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      id: messageIdOf(id, 'outbound', 'c-1'),
      conversationId: id,
      seq: 2,
      direction: 'outbound',
      author: { type: 'agent', id: anna.id, name: anna.username },
      state: 'queued',
      clientId: 'c-1',
      error: null,
      remoteIds: [],
    });
    expect(await one(id)).toMatchObject({
      unread: 0,
      waitingSince: null,
      assignee: { id: anna.id },
      lastMessage: { id: body.id },
      session: { firstReplyAt: body.createdAt },
    });
    const again = await post(id, { clientId: 'c-1', content: text('something else') }, bob);
    expect([again.status, again.body]).toEqual([200, body]);
    expect(await sentFor(body, 1)).toEqual([
      {
        conversationId: id,
        accountId: app.accountId,
        channel: 'fake',
        remoteConversationId: 'post-1',
        remoteContactId: 'post-1',
        messageId: body.id,
        attempt: 1,
        content: text('你好'),
        authorType: 'agent',
        authorName: anna.username,
        inReplyTo: lastMessage!.remoteId,
        fromPart: 1,
      },
    ]);
    await post(id, { clientId: 'c-2', content: text('再') }, bob);
    expect((await one(id)).assignee?.id).toBe(anna.id);
  });

  it('answers once however many times it is asked at once', async () => {
    const { id } = await app.writes('post-2');
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => post(id, { clientId: 'same', content: text('hi') })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 201]);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(await app.messages(id)).toHaveLength(2);
  });

  it('keeps notes among us: nothing is sent, nothing answered, the same clientId free for an answer', async () => {
    const { id } = await app.writes('note-1');
    const note = await post(id, { clientId: 'n-1', content: text('VIP'), direction: 'note' });
    expect(note).toMatchObject({ status: 201, body: { direction: 'note', state: 'received' } });
    expect(await one(id)).toMatchObject({ unread: 1, assignee: null, session: { firstReplyAt: null } });
    expect((await post(id, { clientId: 'n-1', content: text('hi') })).status).toBe(201);
    expect(app.sent.filter(({ conversationId }) => conversationId === id)).toHaveLength(1);
    const [fact] = await app.heard<MessageFact>('message.created', ({ message }) => message.id === note.body.id);
    expect(fact?.public).toBe(false);
  });

  it('opens a resolved conversation for whoever answers, and leaves a note where it is', async () => {
    const { id } = await app.writes('resolved-1');
    await app.act(anna, id, 'resolve');
    await post(id, { clientId: 'n', content: text('later'), direction: 'note' });
    expect((await one(id)).status).toBe('resolved');
    await post(id, { clientId: 'a', content: text('one more thing') }, bob);
    expect(await one(id)).toMatchObject({
      status: 'open',
      assignee: { id: bob.id },
      session: { firstReplyAt: expect.any(String) as string },
    });
  });

  it('refuses what it does not know, what is malformed, and what the channel does not take', async () => {
    const { id } = await app.writes('refuse-1');
    const content = text('x');
    for (const json of [
      {},
      { clientId: 'x' },
      { clientId: 'x', content, state: 'sent' },
      { clientId: 'x', content, direction: 'inbound' },
      { clientId: 'x', content: { kind: 'text', text: '   ' } },
      { clientId: 'x', content: { kind: 'text', text: 'a\u0000b' } },
      { clientId: 'x', content: { kind: 'text', text: { toString: 'x' } } },
      { clientId: 'x', content: { kind: 'event', text: 'x' } },
      { clientId: ['x'], content },
      { clientId: 'has space', content },
    ]) {
      expect([json, (await post(id, json)).status]).toEqual([json, 400]);
    }
    const link = { kind: 'link', title: 'a', url: 'https://a.example/', description: '' };
    expect(await post(id, { clientId: 'x', content: link })).toMatchObject({
      status: 422,
      body: { error: { code: 'kind_not_supported' } },
    });
    expect(await post(id, { clientId: 'x', content: { kind: 'image', attachment: { id: newId() } } })).toMatchObject({
      status: 400,
      body: { error: { code: 'unknown_attachment' } },
    });
    expect(await app.messages(id)).toHaveLength(1);
  });

  it('pages backwards, ascending', async () => {
    const { id } = await app.writes('page-1');
    for (let n = 2; n <= 7; n++) await post(id, { clientId: String(n), content: text(String(n)), direction: 'note' });
    const page = async (query: string) => {
      const { body } = await app.call<{ items: Message[]; nextCursor: string | null }>(
        anna,
        'GET',
        `/conversations/${id}/messages?${query}`,
      );
      return [body.items.map(({ seq }) => seq), body.nextCursor];
    };
    expect(await page('limit=3')).toEqual([[5, 6, 7], '5']);
    expect(await page('limit=3&before=5')).toEqual([[2, 3, 4], '2']);
    expect(await page('limit=3&before=2')).toEqual([[1], null]);
    expect(await page('before=1')).toEqual([[], null]);
    for (const query of ['limit=0', 'limit=101', 'before=0', 'before=x', 'before=2&before=3']) {
      expect((await app.call(anna, 'GET', `/conversations/${id}/messages?${query}`)).status).toBe(400);
    }
  });

  it('counts a split text by its parts and refuses it whole when too few are left, storing nothing', async () => {
    const { id } = await app.writes('window-1', {}, true);
    expect((await one(id)).replyWindow).toMatchObject({ remaining: 5 });
    const parts = (n: number) => text('0123456789 12345678\n'.repeat(n).trim());
    expect((await post(id, { clientId: 'a', content: parts(3) })).status).toBe(201);
    expect((await one(id)).replyWindow?.remaining).toBe(2);
    expect(await post(id, { clientId: 'b', content: parts(3) })).toMatchObject({
      status: 409,
      body: { error: { code: 'window_closed' } },
    });
    expect((await post(id, { clientId: 'b', content: parts(2) })).status).toBe(201);
    expect((await one(id)).replyWindow?.remaining).toBe(0);
    expect(await post(id, { clientId: 'c', content: text('x') })).toMatchObject({
      status: 409,
      body: { error: { code: 'window_closed' } },
    });
    expect(await app.messages(id)).toHaveLength(3);
    expect((await app.writes('window-1', {}, true)).replyWindow?.remaining).toBe(5);
  });

  it('never spends more than there is, however many send at once', async () => {
    const { id } = await app.writes('window-2', {}, true);
    const answers = await Promise.all(
      Array.from({ length: 9 }, (_, n) => post(id, { clientId: `p-${n}`, content: text('x') })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, 201, 201, 409, 409, 409, 409]);
  });

  it('retries what failed, once however often it is asked at once, and what is unknown only by force', async () => {
    const { id } = await app.writes('retry-1');
    const { body: message } = await post(id, { clientId: 'a', content: text('x') });
    expect((await act(message, 'retry')).body.error?.code).toBe('not_failed');
    await app.becomes(message, 'failed', 'failed', { error: { kind: 'rejected', code: '1', message: 'no' } });
    const both = await Promise.all([act(message, 'retry'), act(message, 'retry', {}, bob)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect((await sentFor(message, 2)).map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect((await app.messages(id)).at(-1)).toMatchObject({ state: 'queued', error: null });
    await app.becomes(message, 'unknown', 'unknown', {
      attempt: 2,
      error: { kind: 'outcome_unknown', code: '2', message: '?' },
    });
    expect((await act(message, 'retry')).body.error?.code).toBe('outcome_unknown');
    expect((await act(message, 'retry', { force: 'yes' })).status).toBe(400);
    expect((await act(message, 'retry', { force: true })).status).toBe(200);
    expect((await sentFor(message, 3)).map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  });

  it('goes on at the first part that was not sent', async () => {
    const { id } = await app.writes('retry-2', {}, true);
    const { body: message } = await post(id, {
      clientId: 'a',
      content: text('0123456789 12345678\n'.repeat(3).trim()),
    });
    const failed = {
      accountId: app.windowedAccountId,
      failedPart: 2,
      remoteIds: ['p-1'],
      error: { kind: 'transient' as const, code: '1', message: 'no' },
    };
    expect(await app.becomes(message, 'failed', 'failed', failed)).toMatchObject({ remoteIds: ['p-1'] });
    expect((await one(id)).replyWindow?.remaining).toBe(4);
    await act(message, 'retry');
    expect((await sentFor(message, 2)).map(({ fromPart }) => fromPart)).toEqual([1, 2]);
    expect((await one(id)).replyWindow?.remaining).toBe(2);
  });

  it('confirms what is unknown, and nothing else', async () => {
    const { id } = await app.writes('confirm-1');
    const { body: message } = await post(id, { clientId: 'a', content: text('x') });
    expect((await act(message, 'confirm')).body.error?.code).toBe('not_unknown');
    await app.becomes(message, 'unknown', 'unknown', { error: { kind: 'outcome_unknown', code: '2', message: '?' } });
    expect((await act(message, 'confirm')).body).toMatchObject({ id, lastMessage: { state: 'sent', error: null } });
  });

  it('recalls what was sent, when the platform says so', async () => {
    const { id } = await app.writes('recall-1');
    const { body: message } = await post(id, { clientId: 'a', content: text('x') });
    expect((await act(message, 'recall')).body.error?.code).toBe('not_sent');
    await app.becomes(message, 'accepted', 'sent', { remoteIds: ['r-recall'] });
    expect((await act(message, 'recall')).status).toBe(200);
    expect(
      await app.heard<{ messageId: string }>('message.recall', ({ messageId }) => messageId === message.id),
    ).toMatchObject([{ remoteIds: ['r-recall'], remoteContactId: 'recall-1' }]);
    await app.publish(
      wrap(
        CHANNEL_RECEIPTS,
        'receipt',
        id,
        {
          accountId: app.accountId,
          conversationId: id,
          messageId: message.id,
          attempt: null,
          remoteId: null,
          remoteIds: [],
          state: 'recalled',
          error: null,
          at: new Date().toISOString(),
        },
        new Date(),
      ),
    );
    const updated = await app.heard<MessageFact>(
      'message.updated',
      (fact) => fact.message.id === message.id && fact.message.recalledAt !== null,
    );
    expect(updated[0]?.message).toMatchObject({ state: 'sent', content: text('x') });
    expect((await act((await app.messages(id))[0]!, 'recall')).body.error?.code).toBe('not_ours');
  });

  it('acts on no message by another conversation’s path', async () => {
    const [a, b] = [await app.writes('nested-1'), await app.writes('nested-2')];
    const { body: message } = await post(a.id, { clientId: 'a', content: text('x') });
    await app.becomes(message, 'failed', 'failed', { error: { kind: 'rejected', code: '1', message: 'no' } });
    for (const action of ['retry', 'confirm', 'recall'])
      expect((await act({ ...message, conversationId: b.id }, action)).status).toBe(404);
  });

  it('shows a visitor the public part of their own conversation, to our own processes alone', async () => {
    const { id } = await app.writes('visitor-1');
    await post(id, { clientId: 'n', content: text('secret'), direction: 'note' });
    const { body: answer } = await post(id, { clientId: 'a', content: text('hi') });
    const headers = { 'x-huiliu-internal': app.service.app.get(InternalAuth).token() };
    const ask = (accountId: string, after: number, over: Record<string, string> = headers) =>
      call<{ items: VisitorMessage[]; nextCursor: string | null }>(
        app.service.url,
        'GET',
        `/internal/visitor/messages?accountId=${accountId}&conversationId=${id}&after=${after}`,
        { headers: over },
      );
    const { body } = await ask(app.accountId, 0);
    expect(body.items.map(({ seq, direction, author }) => [seq, direction, author])).toEqual([
      [1, 'inbound', { type: 'contact', name: 'visitor-1先生' }],
      [3, 'outbound', { type: 'agent', name: anna.username }],
    ]);
    expect(Object.keys(body.items[1]!).sort()).toEqual([
      'author',
      'clientId',
      'content',
      'conversationId',
      'createdAt',
      'direction',
      'id',
      'recalledAt',
      'seq',
      'state',
    ]);
    expect((await ask(app.accountId, 1)).body.items.map((item) => item.id)).toEqual([answer.id]);
    expect((await ask(app.windowedAccountId, 0)).body).toEqual({ items: [], nextCursor: null });
    expect((await ask(app.accountId, 0, {})).status).toBe(401);
    expect((await ask(app.accountId, 0, { authorization: `Bearer ${app.admin.token}` })).status).toBe(401);
  });

  it('numbers what agents and the customer write at once without a hole, and tells it in that order', async () => {
    const { id } = await app.writes('order-1');
    const rounds = 25;
    await Promise.all([
      ...Array.from({ length: rounds }, (_, n) => post(id, { clientId: `a-${n}`, content: text(`a ${n}`) })),
      ...Array.from({ length: rounds }, (_, n) =>
        post(id, { clientId: `n-${n}`, content: text(`n ${n}`), direction: 'note' }, bob),
      ),
      ...Array.from({ length: rounds }, () => app.publish(app.inbound('order-1'), app.inbound('order-1'))),
    ]);
    const total = 1 + rounds * 4;
    const facts = await app.heard<MessageFact>(
      'message.created',
      ({ message }) => message.conversationId === id,
      total,
    );
    const expected = Array.from({ length: total }, (_, n) => n + 1);
    expect(facts.map(({ message }) => message.seq)).toEqual(expected);
    const rows = await app.db.query('SELECT seq FROM inbox_messages WHERE conversation_id = ? ORDER BY seq', [id]);
    expect(rows.map((row) => Number(row.seq))).toEqual(expected);
  });
});
