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
  let newest: number;
  let frames: FrameCache;
  beforeEach(() => {
    newest = 0;
    frames = new FrameCache(() => newest);
  });

  const sent = (index: number, data: object): Buffer => {
    newest = Math.max(newest, index);
    return frames.bytesOf(entryOf(index), { type: 'message.created', data } as never, seq);
  };

  it('is one serialisation, however many get it', () => {
    const { data, times } = counted();
    const bytes = new Set(Array.from({ length: 100 }, () => sent(1, data)));
    expect([bytes.size, times()]).toEqual([1, 1]);
  });

  it('is the message, its place and 47 bytes, four of which are the head of the frame', () => {
    expect(sent(1, message).length).toBe(Buffer.byteLength(JSON.stringify(message)) + seq.length + 43 + 4);
  });

  it('is one more for all who come back and are behind: what was live is not kept for them', () => {
    const { data, times } = counted();
    const first = sent(1, data);
    sent(2, message);
    const again = Array.from({ length: 100 }, () => sent(1, data));
    expect([new Set(again).size, times()]).toEqual([1, 2]);
    expect(again[0]).toEqual(first);
  });

  it('is forgotten once many others have been replayed, and made again when somebody is further behind', () => {
    const { data, times } = counted();
    sent(3_000, message);
    const first = sent(0, data);
    for (let i = 1; i <= 2_000; i++) sent(i, message);
    expect(sent(0, data)).toEqual(first);
    expect(times()).toBe(2);
  });

  it('is held for few large records: a mail may have 700,000 characters', () => {
    const { data, times } = counted();
    sent(5, message);
    sent(0, data);
    const large = { ...message, content: { kind: 'text', text: '您'.repeat(500_000) } };
    for (let i = 1; i <= 4; i++) sent(i, large);
    sent(0, data);
    expect(times()).toBe(2);
  });
});
