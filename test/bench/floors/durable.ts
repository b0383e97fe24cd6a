/**
 * The floor of `ingest-durable`: Kafka → decode → one transaction of three multi-row writes (message, conversation, outbox) → Kafka →
 * delete of what was sent. kafkajs and mysql2, nothing else; the product's tables, partitions, batch limit and durability.
 */
import type { Envelope, MessageReceived } from '@huiliu/contracts';
import { Kafka, logLevel, Partitioners, type KafkaMessage } from 'kafkajs';
import mysql from 'mysql2';
import { serveNotes, tell } from '../lib/child';
import { CONVERSATION_CHANGES, CONVERSATION_COLUMNS, floorBatch, MESSAGE_COLUMNS, type FloorThread } from './rows';

/** As the inbox takes them: records in one batch, partitions at once, connections that write. */
const BATCH = 200;
const PARTITIONS = 12;
const CONNECTIONS = 10;

const { FLOOR_BROKERS = '', FLOOR_DATABASE_URL = '', FLOOR_IN = '', FLOOR_OUT = '' } = process.env;

const kafka = new Kafka({ clientId: 'floor', brokers: FLOOR_BROKERS.split(','), logLevel: logLevel.NOTHING });
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, allowAutoTopicCreation: false });
const consumer = kafka.consumer({
  groupId: 'floor',
  sessionTimeout: 300_000,
  heartbeatInterval: 2_000,
  maxWaitTimeInMs: 250,
});
const pool = mysql.createPool({
  uri: FLOOR_DATABASE_URL,
  connectionLimit: CONNECTIONS,
  timezone: 'Z',
  dateStrings: true,
  charset: 'utf8mb4_bin',
});
pool.on('connection', (connection) => {
  connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
});

const take = (): Promise<mysql.PoolConnection> =>
  new Promise((resolve, reject) =>
    pool.getConnection((error, connection) => (error === null ? resolve(connection) : reject(error))),
  );
const ask = (on: mysql.PoolConnection, sql: string, values?: unknown[]): Promise<mysql.ResultSetHeader> =>
  new Promise((resolve, reject) =>
    on.query(sql, values, (error, answer) =>
      error === null ? resolve(answer as mysql.ResultSetHeader) : reject(error),
    ),
  );

const SETS = CONVERSATION_CHANGES.map((column) => `${column} = VALUES(${column})`).join(', ');
const threads = new Map<string, FloorThread>();

async function handle(records: readonly KafkaMessage[]): Promise<void> {
  const events = records.map(({ value }) => JSON.parse(value!.toString()) as Envelope<MessageReceived>);
  const now = new Date();
  const { messages, conversations, facts } = floorBatch(events, threads, now);
  const created = messages[0]!.at(-1);
  const connection = await take();
  let first: number;
  try {
    await ask(connection, 'START TRANSACTION');
    await ask(
      connection,
      `INSERT INTO conversations (${CONVERSATION_COLUMNS}) VALUES ? ON DUPLICATE KEY UPDATE ${SETS}`,
      [conversations],
    );
    await ask(connection, `INSERT INTO messages (${MESSAGE_COLUMNS}) VALUES ?`, [messages]);
    const { insertId } = await ask(
      connection,
      'INSERT INTO outbox (id, topic, event_key, shard, value, created_at) VALUES ?',
      [facts.map(({ id, key, value }) => [id, FLOOR_OUT, key, 0, value, created])],
    );
    first = insertId;
    await ask(connection, 'COMMIT');
  } finally {
    connection.release();
  }
  await producer.sendBatch({
    acks: -1,
    topicMessages: [{ topic: FLOOR_OUT, messages: facts.map(({ key, value }) => ({ key, value })) }],
  });
  const again = await take();
  try {
    await ask(again, 'DELETE FROM outbox WHERE n BETWEEN ? AND ?', [first, first + facts.length - 1]);
  } finally {
    again.release();
  }
}

async function run(): Promise<void> {
  await producer.connect();
  await consumer.connect();
  await consumer.subscribe({ topic: FLOOR_IN, fromBeginning: true });
  const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
  await consumer.run({
    partitionsConsumedConcurrently: PARTITIONS,
    eachBatchAutoResolve: false,
    eachBatch: async ({ batch, resolveOffset, heartbeat }) => {
      for (let from = 0; from < batch.messages.length; from += BATCH) {
        const records = batch.messages.slice(from, from + BATCH);
        await handle(records);
        resolveOffset(records.at(-1)!.offset);
        await heartbeat();
      }
    },
  });
  await joined;
  serveNotes({});
  tell({ type: 'ready' });
}

void run();
