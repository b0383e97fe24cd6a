/** What the floors of the HTTP edge make durable: requests that come while a batch is on its way share the next, as the product's do. */
import { Kafka, logLevel, Partitioners } from 'kafkajs';

interface Waiting {
  readonly key: string;
  readonly value: string;
  readonly done: () => void;
}

/** A topic of the broker, written to by one batch at a time. */
export class GatheringProducer {
  private readonly producer;
  private queue: Waiting[] = [];
  private sending = false;

  constructor(
    brokers: string,
    private readonly topic: string,
  ) {
    const kafka = new Kafka({ clientId: 'floor', brokers: brokers.split(','), logLevel: logLevel.NOTHING });
    this.producer = kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
    });
  }

  connect(): Promise<void> {
    return this.producer.connect();
  }

  /** `done` is called once the record is durable. */
  add(record: Waiting): void {
    this.queue.push(record);
    if (!this.sending) void this.drain();
  }

  private async drain(): Promise<void> {
    this.sending = true;
    await new Promise((resolve) => setImmediate(resolve));
    while (this.queue.length > 0) {
      const batch = this.queue;
      this.queue = [];
      await this.producer.sendBatch({
        acks: -1,
        topicMessages: [{ topic: this.topic, messages: batch.map(({ key, value }) => ({ key, value })) }],
      });
      for (const { done } of batch) done();
    }
    this.sending = false;
  }
}
