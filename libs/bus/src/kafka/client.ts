import { Kafka, logLevel, type ISocketFactory, type LogEntry, type Producer } from 'kafkajs';
import { forgetAnsweredRequests } from './answered-requests';
import { dropSilentConnections } from './drop-silent';
import { decodeLean } from './lean-fetch';
import { encodeLean } from './lean-produce';
import { findReplicasLean } from './lean-replicas';
import { createPartitioner } from './partitioner';
import { promptSockets } from './prompt-sockets';
import { keepQueuesQuiet } from './quiet-queue';
import { fetchInSessions } from './session-fetch';

/** Where the client's lines go. */
export interface KafkaLog {
  error(message: string): void;
  warn(message: string): void;
  debug(message: string): void;
}

/** What a healthy client says while groups form, leaders move and topics exist already: logged as errors by the library. */
const NOISE =
  /already exists|coordinator is not available|coordinator is loading|Topic creation errors|is rebalancing|rebalance in progress|not aware of this member|no leader for this topic-partition|this server does not host this topic-partition|this server is not the leader for that topic-partition|has timed out|Connection (error|timeout)|Failed to connect to seed broker/i;

export interface KafkaOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly log: KafkaLog;
  /** How long an answer may take before the request counts as lost. */
  readonly requestTimeoutMs: number;
  /** How connections are made, where not plainly to the brokers' addresses. */
  readonly sockets?: ISocketFactory;
}

/** The one client of a process. */
export function createKafka(options: KafkaOptions): Kafka {
  keepQueuesQuiet();
  forgetAnsweredRequests();
  encodeLean();
  decodeLean();
  findReplicasLean();
  dropSilentConnections();
  fetchInSessions();
  const write = ({ namespace, level, log }: LogEntry): void => {
    const error = typeof log['error'] === 'string' ? `: ${log['error']}` : '';
    const line = `${namespace}: ${log.message}${error}`;
    if (level === logLevel.ERROR && !NOISE.test(line)) options.log.error(line);
    else if (level === logLevel.WARN && !NOISE.test(line)) options.log.warn(line);
    else options.log.debug(line);
  };
  return new Kafka({
    clientId: options.clientId,
    brokers: [...options.brokers],
    logLevel: logLevel.WARN,
    logCreator: () => write,
    connectionTimeout: 3_000,
    requestTimeout: options.requestTimeoutMs,
    enforceRequestTimeout: true,
    socketFactory: options.sockets ?? promptSockets,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5 },
  });
}

/** A producer that tries once: repeating in order is ours to do, and its idempotent mode loses records after a lost answer. */
export function createProducer(kafka: Kafka): Producer {
  return kafka.producer({
    idempotent: false,
    allowAutoTopicCreation: false,
    createPartitioner,
    retry: { retries: 0, initialRetryTime: 100 },
  });
}

/** True for what the client throws about the broker and the way to it. */
export const isKafkaError = (error: unknown): boolean => error instanceof Error && error.name.startsWith('KafkaJS');
