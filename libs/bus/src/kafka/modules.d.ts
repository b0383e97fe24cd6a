/** The part of the client that `quiet-queue.ts` and `answered-requests.ts` mend; the client's own types leave it out. */
declare module 'kafkajs/src/network/requestQueue' {
  class RequestQueue {
    readonly pending: readonly unknown[];
    /** Those on their way, by their numbers. */
    inflight: Map<number, unknown>;
    scheduleCheckPendingRequests: (this: RequestQueue) => void;
    /** Takes an answer. */
    fulfillRequest: (this: RequestQueue, answer: object) => void;
  }
  export = RequestQueue;
}

/** What `session-fetch.ts` replaces. */
declare module 'kafkajs/src/broker' {
  interface FetchCall {
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly fetchOffset: string;
        readonly maxBytes: number;
      }[];
    }[];
  }
  interface FetchAnswer {
    readonly errorCode: number;
    readonly sessionId: number;
    readonly responses: readonly unknown[];
  }
  class Broker {
    /** By API key. */
    readonly versions: Readonly<Record<number, { readonly maxVersion: number }>> | null;
    fetch: (this: Broker, call: FetchCall) => Promise<FetchAnswer>;
  }
  export = Broker;
}

/** What `lean-replicas.ts` replaces. */
declare module 'kafkajs/src/consumer/consumerGroup' {
  namespace ConsumerGroup {
    interface PartitionMetadata {
      readonly partitionId: number;
      readonly leader: number | null | undefined;
    }
  }
  class ConsumerGroup {
    readonly cluster: { findTopicPartitionMetadata(topic: string): readonly ConsumerGroup.PartitionMetadata[] };
    readonly preferredReadReplicasPerTopicPartition: Readonly<
      Record<string, Readonly<Record<number, unknown>> | undefined>
    >;
    /** Partitions by the node to read them from. */
    findReadReplicaForPartitions: (
      this: ConsumerGroup,
      topic: string,
      partitions: readonly (number | string)[],
    ) => Record<number, number[]>;
  }
  export = ConsumerGroup;
}
