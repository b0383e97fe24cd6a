/** The part of the client that `quiet-queue.ts` mends; the client's own types leave it out. */
declare module 'kafkajs/src/network/requestQueue' {
  class RequestQueue {
    readonly pending: readonly unknown[];
    scheduleCheckPendingRequests: (this: RequestQueue) => void;
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
