import type { FeedEntry } from '@huiliu/bus';
import type { InboxEvent } from '@huiliu/contracts';
import { aMessage, anEnvelope, anId } from '@huiliu/testing';
import { FrameCache } from './frame-cache';

const message = aMessage();
const seq = 'AQ'.repeat(40);

function entryOf(index: number): FeedEntry<InboxEvent['data']> {
  const data = {
    message,
    accountId: anId(),
    public: true,
    access: { assigneeId: null, teamId: null, accountId: anId() },
  };
  const envelope = anEnvelope<InboxEvent['data']>('message.created', message.conversationId, data);
  const record = { topic: 'inbox.events.v1', partition: 0, offset: String(index), envelope, occurredAtMs: 0 };
  return { index, record, offset: BigInt(index), seq };
}

/** Data that counts how often it is made into text. */
function counted(): { data: object; times: () => number } {
  let times = 0;
  const toJSON = (): object => {
    times++;
    return message;
  };
  return { data: { toJSON }, times: () => times };
}

describe('what a push costs', () => {
  it('is one serialisation, however many get it', () => {
    const frames = new FrameCache();
    const { data, times } = counted();
    const entry = entryOf(1);
    const bytes = new Set(
      Array.from({ length: 100 }, () => frames.bytesOf(entry, { type: 'message.created', data } as never, seq)),
    );
    expect([bytes.size, times()]).toEqual([1, 1]);
  });

  it('is the message, its place and 47 bytes, four of which are the head of the frame', () => {
    const frames = new FrameCache();
    const bytes = frames.bytesOf(entryOf(1), { type: 'message.created', data: message } as never, seq).length;
    expect(bytes).toBe(Buffer.byteLength(JSON.stringify(message)) + seq.length + 43 + 4);
  });

  it('is forgotten once many others have been sent, and made again when somebody is behind', () => {
    const frames = new FrameCache();
    const { data, times } = counted();
    const entry = entryOf(0);
    const first = frames.bytesOf(entry, { type: 'message.created', data } as never, seq);
    for (let i = 1; i <= 2_000; i++)
      frames.bytesOf(entryOf(i), { type: 'message.created', data: message } as never, seq);
    expect(frames.bytesOf(entry, { type: 'message.created', data } as never, seq)).toEqual(first);
    expect(times()).toBe(2);
  });

  it('is held for few large records: a mail may have 700,000 characters', () => {
    const frames = new FrameCache();
    const { data, times } = counted();
    const entry = entryOf(0);
    frames.bytesOf(entry, { type: 'message.created', data } as never, seq);
    const large = { ...message, content: { kind: 'text', text: '您'.repeat(500_000) } };
    for (let i = 1; i <= 4; i++) frames.bytesOf(entryOf(i), { type: 'message.created', data: large } as never, seq);
    frames.bytesOf(entry, { type: 'message.created', data } as never, seq);
    expect(times()).toBe(2);
  });
});
