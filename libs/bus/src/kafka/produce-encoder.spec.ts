import { requests } from 'kafkajs/src/protocol/requests';
import { encodeProduce, isPlain, type ProduceCall, type ProducedMessage } from './produce-encoder';
import { below, SEED, text } from '../specs/seeded';

const NOW = 1_795_800_000_123;

const messageOf = (longest: number): ProducedMessage => ({
  key: below(6) === 0 ? null : below(2) === 0 ? text(below(90)) : Buffer.from(text(below(40))),
  value: below(9) === 0 ? null : below(3) > 0 ? text(below(longest)) : Buffer.from(text(below(longest))),
});

const callOf = (nth: number): ProduceCall => ({
  acks: below(3) - 1,
  timeout: 30_000,
  compression: 0,
  producerId: -1,
  producerEpoch: 0,
  topicData: Array.from({ length: 1 + below(3) }, (_, i) => ({
    topic: `topic.${text(1)}${i}`,
    partitions: Array.from({ length: 1 + below(12) }, (_partition, p) => ({
      partition: p * 3,
      firstSequence: 0,
      messages: Array.from({ length: 1 + below(nth === 0 ? 150 : 8) }, () => messageOf(nth % 10 === 1 ? 9_000 : 200)),
    })),
  })),
});

/** As the client itself writes it. */
const theirs = async (call: ProduceCall, version: number): Promise<Buffer> =>
  (await requests.Produce.protocol({ version })(call).request.encode()).buffer;

describe('encodeProduce', () => {
  beforeEach(() => void jest.spyOn(Date, 'now').mockReturnValue(NOW));
  afterEach(() => jest.restoreAllMocks());

  it(`writes byte for byte what the client writes (seed ${SEED})`, async () => {
    for (let nth = 0; nth < 30; nth++) {
      const call = callOf(nth);
      expect(isPlain(call)).toBe(true);
      for (const version of [3, 5, 7]) expect(encodeProduce(call, NOW).equals(await theirs(call, version))).toBe(true);
    }
  });

  it('leaves to the client what it does not know', () => {
    const call = callOf(1);
    const of = (message: object): ProduceCall => ({
      ...call,
      topicData: [{ topic: 't', partitions: [{ partition: 0, messages: [{ key: 'k', value: 'v', ...message }] }] }],
    });
    expect(isPlain(of({}))).toBe(true);
    expect(
      [{ ...call, compression: 1 }, { ...call, transactionalId: 't' }, of({ headers: {} }), of({ timestamp: '1' })].map(
        isPlain,
      ),
    ).toEqual([false, false, false, false]);
  });
});
