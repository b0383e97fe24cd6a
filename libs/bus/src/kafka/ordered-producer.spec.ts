import type { Producer, ProducerBatch } from 'kafkajs';
import { NO_METRICS } from '../metrics';
import { OrderedProducer } from './ordered-producer';

const TURNS = 5;
const turns = async (): Promise<void> => {
  for (let n = 0; n < TURNS; n++) await new Promise((turn) => setImmediate(turn));
};

describe('batches of a producer', () => {
  let batches: string[];
  let ordered: OrderedProducer;
  const put = (name: string): void => void ordered.send([{ topic: 't', key: 'k', value: name }]);

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    batches = [];
    const producer = {
      connect: () => Promise.resolve(),
      sendBatch: ({ topicMessages = [] }: ProducerBatch) => {
        batches.push(topicMessages.flatMap(({ messages }) => messages.map(({ value }) => String(value))).join(' '));
        return Promise.resolve([]);
      },
    } as unknown as Producer;
    ordered = new OrderedProducer({
      producer,
      ensure: () => Promise.resolve(),
      acknowledged: () => undefined,
      followed: () => false,
      metrics: NO_METRICS,
      warn: () => undefined,
      giveUpAfterMs: 1_000,
    });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('begin 5 ms apart, and what comes meanwhile goes along in its order; who comes later goes at once', async () => {
    put('a');
    await turns();
    put('b');
    await turns();
    jest.advanceTimersByTime(4);
    put('c');
    await turns();
    expect(batches).toEqual(['a']);
    jest.advanceTimersByTime(1);
    await turns();
    expect(batches).toEqual(['a', 'b c']);
    jest.advanceTimersByTime(5);
    put('d');
    await turns();
    expect(batches).toEqual(['a', 'b c', 'd']);
  });

  it('do not wait for that when many calls wait', async () => {
    put('a');
    await turns();
    for (let n = 0; n < 32; n++) put(`b${n}`);
    await turns();
    expect(batches).toHaveLength(2);
  });
});
