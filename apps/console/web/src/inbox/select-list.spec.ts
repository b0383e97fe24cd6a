import { aConversation, aMessage, timeAt } from './fixtures';
import { selectList, slowReplies } from './select-list';
import { EMPTY, reduceInbox } from './state';

const me = { id: 'me', name: '林' };
const withLast = (id: string, at: number, over = {}) =>
  aConversation({ id, lastMessage: aMessage({ conversationId: id, createdAt: timeAt(at) }), ...over });
const state = reduceInbox(EMPTY, {
  type: 'conversations',
  asOf: 0,
  items: [
    withLast('old', 1, { assignee: me, waitingSince: timeAt(0) }),
    withLast('new', 3),
    withLast('done', 4, { status: 'resolved' }),
    withLast('mid', 2, { assignee: me, waitingSince: timeAt(150_000) }),
  ],
});
const ids = (list: { id: string }[]) => list.map((c) => c.id);

describe('the conversation list', () => {
  it('puts the last message first and keeps tabs apart', () => {
    expect(ids(selectList(state, { tab: 'all', status: 'open', me: 'me' }, null))).toEqual(['new', 'mid', 'old']);
    expect(ids(selectList(state, { tab: 'mine', status: 'open', me: 'me' }, null))).toEqual(['mid', 'old']);
    expect(ids(selectList(state, { tab: 'unassigned', status: 'open', me: 'me' }, null))).toEqual(['new']);
    expect(ids(selectList(state, { tab: 'all', status: 'resolved', me: 'me' }, null))).toEqual(['done']);
  });

  it('hides what is older than the pages that were loaded', () => {
    expect(ids(selectList(state, { tab: 'all', status: 'open', me: 'me' }, timeAt(2)))).toEqual(['new', 'mid']);
  });

  it('names those of mine who waited too long, the worst first', () => {
    const now = Date.parse(timeAt(180_000));
    expect(ids(slowReplies(state, 'me', now - 1, 180_000))).toEqual([]);
    expect(ids(slowReplies(state, 'me', now, 180_000))).toEqual(['old']);
    expect(ids(slowReplies(state, 'me', now + 150_000, 180_000))).toEqual(['old', 'mid']);
  });
});
