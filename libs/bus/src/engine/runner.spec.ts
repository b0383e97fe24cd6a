import { eventually } from '@huiliu/testing';
import { makePlace, topicOf, type Place, type Thing } from '../specs/fixture';
import { wrap } from '../envelopes';

const LENGTH = 700_000;

describe('a consumer that is slower than large records come', () => {
  let place: Place;
  beforeEach(async () => {
    place = await makePlace('embedded');
  });
  afterEach(() => place.remove());

  it('takes no more of them in than it may hold, and handles all in order', async () => {
    const topic = topicOf({ partitions: 1 });
    const { bus } = await place.open();
    const handled: number[] = [];
    const batches: number[] = [];
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    bus.subscribe(topic, { group: place.group, maxBatch: 500 }, async ({ deliveries }) => {
      batches.push(deliveries.length);
      await gate;
      handled.push(...deliveries.map(({ envelope }) => (envelope.data as Thing).v));
    });
    await bus.start();
    const text = 'x'.repeat(LENGTH);
    for (let v = 0; v < 60; v++) await bus.publish([wrap(topic, 'thing', 'k', { v, text }, new Date())]);
    go();
    await eventually('all are handled', () => handled.length >= 60, 30_000);
    expect(handled).toEqual(Array.from({ length: 60 }, (_, v) => v));
    // 8 million characters in hand, and what one more read brings.
    expect(Math.max(...batches)).toBeLessThanOrEqual(Math.ceil((16 * 1024 * 1024) / LENGTH));
  });
});
