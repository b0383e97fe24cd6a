import ConsumerGroup, { type PartitionMetadata } from 'kafkajs/src/consumer/consumerGroup';
import { findReplicasLean } from './lean-replicas';

const original = ConsumerGroup.prototype.findReadReplicaForPartitions;
findReplicasLean();
const lean = ConsumerGroup.prototype.findReadReplicaForPartitions;

function group(metadata: readonly PartitionMetadata[], preferred?: Record<number, unknown>): ConsumerGroup {
  return Object.assign(Object.create(ConsumerGroup.prototype) as ConsumerGroup, {
    cluster: { findTopicPartitionMetadata: () => metadata },
    preferredReadReplicasPerTopicPartition: preferred === undefined ? {} : { t: preferred },
    logger: { debug: () => undefined },
  });
}

const LED = [
  { partitionId: 1, leader: 7 },
  { partitionId: 0, leader: 8 },
  { partitionId: 2, leader: 7 },
];

it('finds the leaders that the client finds, in its order', () => {
  const some = group(LED, {});
  for (const partitions of [[0, 1, 2], [2, 1], ['0', '2'], [5, 1], []])
    expect(lean.call(some, 't', partitions)).toEqual(original.call(some, 't', partitions));
  expect(lean.call(some, 't', [2, 0, 1])).toEqual({ 7: [2, 1], 8: [0] });
});

it('reads the leaders anew when the client has loaded other metadata', () => {
  expect(lean.call(group(LED), 't', [0])).toEqual({ 8: [0] });
  expect(lean.call(group([{ partitionId: 0, leader: 9 }]), 't', [0])).toEqual({ 9: [0] });
});

it('leaves to the client what names another replica, and what has no leader', () => {
  expect(lean.call(group(LED, { 1: { nodeId: 9, expireAt: Date.now() + 60_000 } }), 't', [0, 1])).toEqual({
    8: [0],
    9: [1],
  });
  const leaderless = group([{ partitionId: 0, leader: null }]);
  expect(() => lean.call(leaderless, 't', [0])).toThrow('Invalid partition metadata');
});
