import { type ICustomPartitioner, type PartitionerArgs, Partitioners } from 'kafkajs';

const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/**
 * In which partition a record lies: by its key, as every client of Kafka does it (murmur2), so that a key stays where it is. kafkajs reckons
 * it in big integers, for several µs a record; 32 bits of a number say the same. It is noted on the message: who sends it can tell from the
 * broker's answer where it lies.
 */
export const createPartitioner: ICustomPartitioner = () => {
  const byTurns = Partitioners.DefaultPartitioner();
  return (args: PartitionerArgs): number => {
    args.message.partition = partitionOf(args, byTurns);
    return args.message.partition;
  };
};

function partitionOf(args: PartitionerArgs, byTurns: (args: PartitionerArgs) => number): number {
  const { partition, key } = args.message;
  if (partition != null || key == null) return byTurns(args);
  return (murmur2(typeof key === 'string' ? Buffer.from(key) : key) & 0x7fffffff) % args.partitionMetadata.length;
}

/** MurmurHash2 of 32 bits with Kafka's seed, as a signed number (`org.apache.kafka.common.utils.Utils`). */
function murmur2(bytes: Uint8Array): number {
  const whole = bytes.length & ~3;
  let hash = SEED ^ bytes.length;
  for (let i = 0; i < whole; i += 4) {
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    const mixed = Math.imul(word, M);
    hash = Math.imul(hash, M) ^ Math.imul(mixed ^ (mixed >>> 24), M);
  }
  const rest = bytes.length - whole;
  if (rest > 0) {
    if (rest === 3) hash ^= bytes[whole + 2]! << 16;
    if (rest >= 2) hash ^= bytes[whole + 1]! << 8;
    hash = Math.imul(hash ^ bytes[whole]!, M);
  }
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
}
