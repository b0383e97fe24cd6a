import type { Envelope, TopicSpec } from '@huiliu/contracts';
import type { Tx } from '@huiliu/storage';

/** A record to publish. */
export interface BusRecord<T = unknown> {
  readonly topic: TopicSpec;
  readonly envelope: Envelope<T>;
}

/** A record as a consumer gets it: validated against the topic's schema. Others in this process may read the same object: never change it. */
export interface Delivery<T = unknown> {
  readonly topic: string;
  readonly partition: number;
  /** Position in the partition, as a decimal string. */
  readonly offset: string;
  readonly envelope: Envelope<T>;
}

/**
 * What a handler gets: records in the order of each key, of one partition (or of several, where it asked for them together), at most as many as it asked for. The handler applies them in ONE
 * transaction that begins with `claim`; when it throws, nothing was handled and the engine retries, bisects or parks.
 */
export interface EventBatch<T = unknown> {
  readonly deliveries: readonly Delivery<T>[];
  /**
   * Records in `tx` that these were handled and answers those that had not been before (an event may be delivered again). Effects
   * of what is answered belong in the same transaction.
   */
  claim(tx: Tx): Promise<readonly Delivery<T>[]>;
}

/** `extras` of an `@EventPattern`: which consumer group handles the topic and how. */
export interface SubscriptionOptions {
  /** Consumer group: `inbox`, `routing`, `connector-webchat` … Two handlers of one group must be for different topics. */
  readonly group: string;
  /** The most records in one batch. */
  readonly maxBatch?: number;
  /** Nothing else concerns the handler: what is of other types may be passed over without having been read. */
  readonly types?: readonly string[];
  /** While it answers false nothing of the topic concerns the handler, and what comes may be passed over, too. */
  readonly concerned?: () => boolean;
  /** Lanes inside a partition: keys spread over so many batches that run at once. */
  readonly lanes?: number;
  /**
   * The handler does nothing but one transaction, and may get what several lanes and partitions have waiting in one call: for topics with many
   * partitions whose transactions cost more than what is in them.
   */
  readonly together?: boolean;
  /** As `TailOptions.restMs`; of a group's topics the shortest counts. */
  readonly restMs?: number;
}

export type BatchHandler<T = unknown> = (batch: EventBatch<T>) => Promise<void>;

/** Where a tail begins: the first record kept, now, or so long ago (and at least so many records, where there are as many). */
export type TailStart = 'beginning' | 'end' | { readonly sinceMs: number; readonly atLeast: number };

/** The position after a record, over all partitions: opaque to everyone but the bus. */
export interface TailRecord<T = unknown> extends Delivery<T> {
  readonly occurredAtMs: number;
  /** The envelope as JSON, as it lies in the topic (bytes: UTF-8); left out where nobody has it. */
  readonly text?: string | Uint8Array;
  /** Set on what is of no type that the reader asked for: it tells how far the topic is, and has not been read. */
  readonly passed?: true;
  /** The record's key, set on what has not been read: `envelope` reads it each time, and throws where it is no event. */
  readonly unread?: string;
}

export interface TailOptions {
  /** Nothing else concerns the reader; records of other types may come as `passed`. All, where none are named. */
  readonly types?: readonly string[];
  /** The reader reads few of them: what it asked for may come as `unread`, with its text. */
  readonly mayBeUnread?: boolean;
  /** After what has come the reader rests so long before it asks the broker again: less is asked where a moment later is as good. */
  readonly restMs?: number;
}

export interface Tail {
  /** Resolves when everything that was there at the start has been delivered. */
  readonly caughtUp: Promise<void>;
  /** True while records flow; false while the broker is out of reach. */
  healthy(): boolean;
  close(): Promise<void>;
}

/** The port to the bus; two implementations, one contract suite. */
export abstract class MessageBus {
  /** Resolves when the records are durable (Kafka: acks=all; embedded: committed with synchronous=FULL). Concurrent calls are gathered. */
  abstract publish(records: readonly BusRecord[]): Promise<void>;

  /** Subscribes a group's handler. Called before `start`; `BusServer` does it for every `@EventPattern`. */
  abstract subscribe(topic: TopicSpec, options: SubscriptionOptions, handler: BatchHandler): void;

  /**
   * Reads every partition of a topic in this process, under no group, committing nothing: for feeds and for compacted topics that a
   * process keeps in memory. `onRecords` gets records of one partition in order, one call at a time over all partitions.
   */
  abstract tail<T = unknown>(
    topic: TopicSpec,
    from: TailStart,
    onRecords: (records: readonly TailRecord<T>[]) => void,
    options?: TailOptions,
  ): Promise<Tail>;

  /** Names the life of a topic: another one than before means that positions from then mean nothing now. */
  abstract generation(topic: TopicSpec): Promise<string>;

  /** Best effort to every process, this one included; for `Signal`s only. */
  abstract signal(signal: unknown): void;
  abstract onSignal(listener: (signal: unknown) => void): () => void;

  abstract start(): Promise<void>;
  /** Takes no new work and waits for what is in hand, at most `timeoutMs`. */
  abstract stop(timeoutMs: number): Promise<void>;
  /** Null when well; else what is wrong, for `/readyz`. */
  abstract trouble(): string | null;
}
