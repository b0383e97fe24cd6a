import { Partitioners } from 'kafkajs';
import { createPartitioner } from './partitioner';

const metadata = (count: number) =>
  Array.from({ length: count }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 1,
    replicas: [1],
    isr: [1],
  }));

const KEYS = [
  ...Array.from({ length: 70 }, (_, length) => 'abc汇流🙂\u0000ÿ'.repeat(20).slice(0, length)),
  ...Array.from({ length: 2_000 }, (_, n) => `01M8FYBKM8SRZ3R78HM4B${n}:${(n * 2654435761) % 2 ** 32}`),
];

describe('the partition of a record', () => {
  it.each([1, 3, 12, 100])('is of %i the one in which kafkajs has put its key', (count) => {
    const [ours, theirs] = [createPartitioner(), Partitioners.DefaultPartitioner()];
    const place = (partitioner: typeof ours, key: string | Buffer): number =>
      partitioner({ topic: 't', partitionMetadata: metadata(count), message: { key, value: '' } });
    for (const key of KEYS) {
      const where = place(theirs, key);
      expect(place(ours, key)).toBe(where);
      expect(place(ours, Buffer.from(key))).toBe(where);
    }
  });

  it('is the one that was named, and any where there is no key', () => {
    const ours = createPartitioner();
    const place = (message: { key: string | null; partition?: number }): number =>
      ours({ topic: 't', partitionMetadata: metadata(3), message: { value: '', ...message } });
    expect(place({ key: 'a', partition: 2 })).toBe(2);
    expect(new Set([1, 2, 3].map(() => place({ key: null })))).toEqual(new Set([0, 1, 2]));
  });
});
