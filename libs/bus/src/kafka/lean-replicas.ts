import ConsumerGroup, { type PartitionMetadata } from 'kafkajs/src/consumer/consumerGroup';

let mended = false;
/** Who leads which partition, by the metadata that say so: the client keeps them until it loads others. */
const leaders = new WeakMap<readonly PartitionMetadata[], ReadonlyMap<number, number>>();

/**
 * From now on a consumer finds the leaders of its partitions without looking through all of them for each, before every Fetch: at three topics
 * of twelve partitions that was a twentieth of what the inbox allocated. Where the broker has named another replica to read from, the client
 * looks for itself.
 */
export function findReplicasLean(): void {
  if (mended) return;
  mended = true;
  const original = ConsumerGroup.prototype.findReadReplicaForPartitions;
  ConsumerGroup.prototype.findReadReplicaForPartitions = function (this: ConsumerGroup, topic, partitions) {
    if (Object.keys(this.preferredReadReplicasPerTopicPartition[topic] ?? {}).length > 0)
      return original.call(this, topic, partitions);
    const found: Record<number, number[]> = {};
    const led = leadersIn(this.cluster.findTopicPartitionMetadata(topic));
    for (const partition of partitions) {
      const leader = led.get(Number(partition));
      // Unknown, or without a leader: the client knows what to say of it.
      if (leader === undefined) return original.call(this, topic, partitions);
      (found[leader] ??= []).push(Number(partition));
    }
    return found;
  };
}

function leadersIn(metadata: readonly PartitionMetadata[]): ReadonlyMap<number, number> {
  let led = leaders.get(metadata);
  if (led === undefined) {
    led = new Map(
      metadata.flatMap(({ partitionId, leader }): [number, number][] =>
        leader == null ? [] : [[partitionId, leader]],
      ),
    );
    leaders.set(metadata, led);
  }
  return led;
}
