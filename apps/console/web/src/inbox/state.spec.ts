import fc from 'fast-check';
import type { Conversation, Message } from '@huiliu/contracts';
import { aConversation, aMessage, timeAt } from './fixtures';
import { EMPTY, messagesOf, reduceInbox, type InboxAction, type InboxState, type RecordFrame } from './state';

const CONVERSATIONS = ['c1', 'c2'];

/** A server: each step is one committed change, and so one frame; `pictures[n]` is what REST answers after n steps. */
function serverOf(steps: readonly { conversation: number; kind: number }[]) {
  const frames: RecordFrame[] = [];
  let conversations = new Map<string, Conversation>();
  let messages = new Map<string, Message[]>();
  const pictures = [{ conversations, messages }];
  steps.forEach((step, i) => {
    const id = CONVERSATIONS[step.conversation]!;
    conversations = new Map(conversations);
    messages = new Map(messages);
    const thread = messages.get(id) ?? [];
    if (step.kind === 0) {
      const message = aMessage({
        id: `${id}-${thread.length + 1}`,
        conversationId: id,
        seq: thread.length + 1,
        direction: 'outbound',
        state: 'queued',
      });
      messages.set(id, [...thread, message]);
      frames.push({ type: 'message.created', data: message });
    } else if (step.kind === 1 && thread.length > 0) {
      const target = thread[i % thread.length]!;
      // A retry takes a message back to `queued`: states alone do not tell which picture is the newer.
      const message = { ...target, state: (['sent', 'failed', 'queued', 'unknown'] as const)[i % 4]! };
      messages.set(
        id,
        thread.map((m) => (m.id === message.id ? message : m)),
      );
      frames.push({ type: 'message.updated', data: message });
    } else if (step.kind === 2 && conversations.has(id)) {
      conversations.delete(id);
      frames.push({ type: 'conversation.removed', data: { id } });
    } else {
      const conversation = aConversation({ id, tags: [String(i)], updatedAt: timeAt(i) });
      conversations.set(id, conversation);
      frames.push({ type: 'conversation.updated', data: conversation });
    }
    pictures.push({ conversations, messages });
  });
  return { frames, pictures };
}

function seen(state: InboxState) {
  return CONVERSATIONS.map((id) => ({
    conversation: state.conversations.get(id)?.value ?? null,
    messages: messagesOf(state.threads.get(id)),
  }));
}

describe('the state of the inbox', () => {
  it('ends as the server is, however answers, frames, repeats and replays interleave', () => {
    const step = fc.record({ conversation: fc.nat(1), kind: fc.nat(3) });
    /** What happens at the page: a frame arrives, the feed is replayed from further back, a request leaves, an answer comes. */
    const act = fc.oneof(
      { weight: 5, arbitrary: fc.constant({ do: 'frame' as const, n: 0 }) },
      { weight: 1, arbitrary: fc.nat(8).map((n) => ({ do: 'replay' as const, n })) },
      { weight: 2, arbitrary: fc.nat(5).map((n) => ({ do: 'ask' as const, n })) },
      { weight: 2, arbitrary: fc.nat(5).map((n) => ({ do: 'answer' as const, n })) },
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 25 }),
        fc.array(act, { maxLength: 80 }),
        fc.nat(10),
        (steps, acts, start) => {
          const { frames, pictures } = serverOf(steps);
          // The feed begins at `position`; REST may be ahead of it, never behind.
          let position = Math.min(start, frames.length);
          const feedStart = position;
          let state = EMPTY;
          const dispatch = (action: InboxAction): void => void (state = reduceInbox(state, action));
          for (const id of CONVERSATIONS) dispatch({ type: 'open', conversationId: id });
          const inFlight: { at: number; asOf: number }[] = [];
          const ask = (ahead: number): void =>
            void inFlight.push({ at: Math.min(position + ahead, frames.length), asOf: state.tick });
          const answer = (n: number): void => {
            const [request] = inFlight.splice(n % Math.max(1, inFlight.length), 1);
            if (!request) return;
            const picture = pictures[request.at]!;
            dispatch({ type: 'conversations', items: [...picture.conversations.values()], asOf: request.asOf });
            for (const [id, items] of picture.messages) {
              dispatch({ type: 'messages', conversationId: id, items, asOf: request.asOf });
            }
          };
          const openAll = (): void => CONVERSATIONS.forEach((id) => dispatch({ type: 'open', conversationId: id }));
          ask(0);
          for (const a of acts) {
            if (a.do === 'frame' && position < frames.length)
              dispatch({ type: 'frames', frames: [frames[position++]!] });
            if (a.do === 'replay') position = Math.max(feedStart, position - a.n);
            if (a.do === 'ask') ask(a.n);
            if (a.do === 'answer') answer(a.n);
            openAll();
          }
          while (position < frames.length) {
            dispatch({ type: 'frames', frames: [frames[position++]!] });
            openAll();
          }
          while (inFlight.length > 0) answer(0);
          // Threads that left sight were forgotten: opening one asks again.
          ask(0);
          answer(0);
          const end = pictures[frames.length]!;
          expect(seen(state)).toEqual(
            CONVERSATIONS.map((id) => ({
              conversation: end.conversations.get(id) ?? null,
              messages: end.messages.get(id) ?? [],
            })),
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  it('gives the same whether frames come one by one or in one batch', () => {
    const { frames } = serverOf([0, 3, 0, 1, 3, 1].map((kind) => ({ conversation: 0, kind })));
    const open = reduceInbox(EMPTY, { type: 'open', conversationId: 'c1' });
    const batch = reduceInbox(open, { type: 'frames', frames });
    const single = frames.reduce((state, frame) => reduceInbox(state, { type: 'frames', frames: [frame] }), open);
    expect(seen(batch)).toEqual(seen(single));
  });

  it('does not let an answer on its way bring back what went out of sight', () => {
    const asOf = EMPTY.tick;
    const removed = reduceInbox(EMPTY, {
      type: 'frames',
      frames: [{ type: 'conversation.removed', data: { id: 'c1' } }],
    });
    const after = reduceInbox(removed, { type: 'conversations', items: [aConversation()], asOf });
    expect(after.conversations.size).toBe(0);
    expect(
      reduceInbox(removed, { type: 'conversations', items: [aConversation()], asOf: removed.tick }).conversations.size,
    ).toBe(1);
  });

  it('keeps a receipt that overtook the answer to the send', () => {
    const open = reduceInbox(EMPTY, { type: 'open', conversationId: 'c1' });
    const queued = aMessage({ direction: 'outbound', state: 'queued', clientId: 'x' });
    const framed = reduceInbox(open, {
      type: 'frames',
      frames: [
        { type: 'message.created', data: queued },
        { type: 'message.updated', data: { ...queued, state: 'sent' } },
      ],
    });
    const answered = reduceInbox(framed, { type: 'messages', conversationId: 'c1', items: [queued], asOf: open.tick });
    expect(messagesOf(answered.threads.get('c1')).map((m) => m.state)).toEqual(['sent']);
  });

  it('follows the order of frames even when their writers’ clocks differ', () => {
    const at = (ms: number) => ({
      type: 'conversation.updated',
      data: aConversation({ tags: [String(ms)], updatedAt: timeAt(ms) }),
    });
    const state = reduceInbox(EMPTY, { type: 'frames', frames: [at(5), at(3)] });
    expect(state.conversations.get('c1')?.value.tags).toEqual(['3']);
  });

  it('ignores frames it does not know and leaves the old state as it was', () => {
    const before = reduceInbox(EMPTY, { type: 'open', conversationId: 'c1' });
    const after = reduceInbox(before, {
      type: 'frames',
      frames: [
        { type: '__proto__', data: {} },
        { type: 'message.created', data: aMessage() },
      ],
    });
    expect(before.threads.get('c1')?.size).toBe(0);
    expect(after.threads.get('c1')?.size).toBe(1);
  });
});
