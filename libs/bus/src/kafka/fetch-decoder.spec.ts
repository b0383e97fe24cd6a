import { isDeepStrictEqual } from 'node:util';
import { requests } from 'kafkajs/src/protocol/requests';
import { decodeFetch } from './fetch-decoder';
import { encodeProduce, type ProducedMessage } from './produce-encoder';
import { below, SEED, text } from '../specs/seeded';

const NOW = 1_795_800_000_123;
const TOPIC = 't';
/** Of a Produce of one partition of that topic: what stands before its batch. */
const BEFORE_BATCH = 2 + 2 + 4 + 4 + (2 + TOPIC.length) + 4 + 4 + 4;
const ATTRIBUTES = 21;
const APPEND_TIME = 0x8;

const messageOf = (longest: number): ProducedMessage => ({
  key: below(6) === 0 ? null : text(below(90)),
  value: below(9) === 0 ? null : text(below(longest)),
});

/** A batch as it lies in the log: its first offset and, where the topic's times are the broker's, their mark are written over. */
function batchOf(messages: readonly ProducedMessage[], firstOffset: bigint, attributes = 0): Buffer {
  const topicData = [{ topic: TOPIC, partitions: [{ partition: 0, messages }] }];
  const batch = encodeProduce({ acks: -1, timeout: 1, topicData }, NOW - below(1e9)).subarray(BEFORE_BATCH);
  batch.writeBigInt64BE(firstOffset, 0);
  batch.writeInt32BE(below(99) - 1, 12);
  batch.writeInt16BE(attributes, ATTRIBUTES);
  return batch;
}

interface Told {
  readonly topic: string;
  readonly partitions: readonly { readonly batches: Buffer; readonly aborted?: number }[];
}

/** An answer as a broker writes it. */
function answerOf(topics: readonly Told[]): Buffer {
  const int = (bytes: 2 | 4, value: number): Buffer => {
    const buffer = Buffer.alloc(bytes);
    buffer.writeIntBE(value, 0, bytes);
    return buffer;
  };
  const long = (value: bigint): Buffer => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64BE(value);
    return buffer;
  };
  const parts: Buffer[] = [int(4, below(3)), int(2, 0), int(4, below(2 ** 30)), int(4, topics.length)];
  for (const { topic, partitions } of topics) {
    parts.push(int(2, Buffer.byteLength(topic)), Buffer.from(topic), int(4, partitions.length));
    for (const [i, { batches, aborted = -1 }] of partitions.entries()) {
      parts.push(int(4, i * 5), int(2, 0), long(BigInt(below(2 ** 30)) * 9_999n), long(-1n), long(0n), int(4, aborted));
      for (let left = aborted; left > 0; left--) parts.push(long(7n), long(8n));
      parts.push(int(4, below(3) - 1), int(4, batches.length), batches);
    }
  }
  return Buffer.concat(parts);
}

const someBatches = (longest: number): Buffer => {
  const batches = Buffer.concat(
    Array.from({ length: below(4) }, () => {
      const messages = Array.from({ length: 1 + below(150) }, () => messageOf(longest));
      return batchOf(messages, BigInt(below(2 ** 30)) * BigInt(below(2 ** 20)), below(2) === 0 ? 0 : APPEND_TIME);
    }),
  );
  // The last one comes cut off where the answer was full.
  return below(3) === 0 ? batches.subarray(0, Math.max(0, batches.length - 1 - below(200))) : batches;
};

/** As the client itself reads it. */
const theirs = (bytes: Buffer): Promise<object> =>
  requests.Fetch.protocol({ version: 11 })({ topics: [] }).response.decode(bytes);

describe('decodeFetch', () => {
  it(`reads what the client reads (seed ${SEED})`, async () => {
    let records = 0;
    for (let nth = 0; nth < 40; nth++) {
      const bytes = answerOf(
        Array.from({ length: below(4) }, (_, t) => ({
          topic: `topic.${text(1)}${t}`,
          partitions: Array.from({ length: below(5) }, () => ({ batches: someBatches(nth % 10 === 1 ? 9_000 : 200) })),
        })),
      );
      const ours = decodeFetch(bytes);
      // jest compares buffers byte by byte.
      expect(isDeepStrictEqual(ours, await theirs(bytes))).toBe(true);
      for (const { partitions } of ours!.responses) for (const { messages } of partitions) records += messages.length;
    }
    expect(records).toBeGreaterThan(500);
  });

  it('reads times that senders gave, before and after that of the first record', async () => {
    const batch = batchOf([{ key: 'k', value: 'v' }], 5n);
    // The record's time, which is a byte behind its length and attributes, against the batch's.
    for (const delta of [0, 1, 2, 0x7f]) {
      batch[61 + 2] = delta;
      const bytes = answerOf([{ topic: TOPIC, partitions: [{ batches: batch }] }]);
      expect(decodeFetch(bytes)).toEqual(await theirs(bytes));
    }
  });

  it('leaves to the client what it does not know', () => {
    const read = (batches: Buffer, aborted?: number): object | null =>
      decodeFetch(answerOf([{ topic: TOPIC, partitions: [{ batches, ...(aborted && { aborted }) }] }]));
    const message = { key: 'k', value: 'v' };
    expect(read(batchOf([message], 5n))).not.toBeNull();
    const older = batchOf([message], 5n);
    older[16] = 1;
    const withHeaders = batchOf([message], 5n);
    withHeaders[withHeaders.length - 1] = 2;
    const unread = [batchOf([message], 5n, 1), batchOf([message], 5n, 0x10), batchOf([message], 5n, 0x20), older];
    for (const batches of [...unread, withHeaders]) expect(read(batches)).toBeNull();
    expect(read(batchOf([message], 5n), 1)).toBeNull();
    expect(read(batchOf([message], 2n ** 60n))).toBeNull();
    const cut = answerOf([{ topic: TOPIC, partitions: [{ batches: batchOf([message], 5n) }] }]);
    expect(decodeFetch(cut.subarray(0, cut.length - 4))).toBeNull();
  });
});
