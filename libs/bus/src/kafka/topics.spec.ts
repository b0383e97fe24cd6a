import { KafkaJSProtocolError, type Admin, type Kafka } from 'kafkajs';
import { topicOf } from '../specs/fixture';
import { Topics } from './topics';

/** What the broker says of a partition that is not led yet. */
const notYet = (type: string): Error => Object.assign(new KafkaJSProtocolError('not yet'), { type });

/** A client whose broker answers so much; what is not told here is not asked. */
const clientOf = (answers: Partial<Record<keyof Admin, jest.Mock>>): Kafka =>
  ({ admin: () => ({ connect: jest.fn().mockResolvedValue(undefined), ...answers }) }) as unknown as Kafka;

test('a topic that was made a moment ago is waited for, whoever made it', async () => {
  const topic = topicOf();
  const createTopics = jest
    .fn()
    .mockRejectedValueOnce(notYet('UNKNOWN_TOPIC_OR_PARTITION'))
    .mockResolvedValueOnce(false);
  const life = [{ configName: 'flush.ms', configValue: String((1n << 62n) + 35n), isDefault: false }];
  const describeConfigs = jest
    .fn()
    .mockRejectedValueOnce(notYet('UNKNOWN_TOPIC_OR_PARTITION'))
    .mockResolvedValueOnce({ resources: [{ configEntries: life }] });
  const fetchTopicOffsets = jest
    .fn()
    .mockRejectedValueOnce(notYet('NOT_LEADER_FOR_PARTITION'))
    .mockResolvedValueOnce([{ partition: 0, low: '0', high: '3' }]);
  const topics = new Topics(
    clientOf({
      listTopics: jest.fn().mockResolvedValue([]),
      describeCluster: jest.fn().mockResolvedValue({ brokers: [{}] }),
      createTopics,
      describeConfigs,
      fetchTopicOffsets,
    }),
  );
  await topics.ensure([topic]);
  expect(await topics.generation(topic.name)).toBe(((1n << 62n) + 35n).toString(36));
  expect(await topics.ranges(topic.name)).toEqual([{ partition: 0, low: 0n, high: 3n }]);
  expect([createTopics, describeConfigs, fetchTopicOffsets].map((asked) => asked.mock.calls.length)).toEqual([2, 2, 2]);
});

test('what does not pass is told at once', async () => {
  const createTopics = jest.fn().mockRejectedValue(notYet('TOPIC_AUTHORIZATION_FAILED'));
  const topics = new Topics(
    clientOf({
      listTopics: jest.fn().mockResolvedValue([]),
      describeCluster: jest.fn().mockResolvedValue({ brokers: [{}] }),
      createTopics,
    }),
  );
  await expect(topics.ensure([topicOf()])).rejects.toThrow('not yet');
  expect(createTopics).toHaveBeenCalledTimes(1);
});
