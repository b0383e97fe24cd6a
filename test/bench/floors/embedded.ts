/**
 * The floor of `ingest-embedded`: log table → decode → one transaction of three multi-row writes (message, conversation, log) →
 * hand-over in the process. The product's SQLite driver, tables, batch limit and durability (WAL, synchronous=FULL), nothing else.
 */
import { EventEmitter } from 'node:events';
import { DatabaseSync, type StatementSyncInstance } from '@photostructure/sqlite';
import type { Envelope, MessageReceived } from '@huiliu/contracts';
import { serveNotes, tell } from '../lib/child';
import {
  CONVERSATION_CHANGES,
  CONVERSATION_COLUMNS,
  dbTime,
  floorBatch,
  MESSAGE_COLUMNS,
  type FloorThread,
} from './rows';

/** As the suite takes them: records of one read, records of one batch, batches that share a commit (its lanes). */
const AT_ONCE = 500;
const BATCH = 200;
const TOGETHER = 4;
/** Rows of one statement. */
const ROWS = [50, 10, 1];

const { FLOOR_FILE = '', FLOOR_IN = '', FLOOR_OUT = '' } = process.env;
const database = new DatabaseSync(FLOOR_FILE);
// As the suite sets them; whoever looks how far it is may hold the file for a moment.
for (const pragma of [
  'busy_timeout = 5000',
  'journal_mode = WAL',
  'synchronous = FULL',
  'cache_size = -32000',
  'wal_autocheckpoint = 10000',
])
  database.exec(`PRAGMA ${pragma}`);

const SETS = CONVERSATION_CHANGES.map((column) => `${column} = excluded.${column}`).join(', ');
const statements = new Map<string, StatementSyncInstance>();

/** Inserts rows by as few statements as fit. */
function insert(head: string, width: number, rows: readonly (readonly (string | number | null)[])[], tail = ''): void {
  let from = 0;
  for (const size of ROWS) {
    for (; rows.length - from >= size; from += size) {
      const name = `${head} ${size}`;
      let statement = statements.get(name);
      if (statement === undefined) {
        const tuple = `(${new Array(width).fill('?').join(', ')})`;
        statement = database.prepare(`${head} VALUES ${new Array(size).fill(tuple).join(', ')}${tail}`);
        statements.set(name, statement);
      }
      statement.run(...rows.slice(from, from + size).flat());
    }
  }
}

const threads = new Map<string, FloorThread>();
const handOver = new EventEmitter();
let handedOver = 0;
handOver.on('facts', (facts: unknown[]) => (handedOver += facts.length));

function handle(events: readonly Envelope<MessageReceived>[]): void {
  const { messages, conversations, facts } = floorBatch(events, threads, new Date());
  insert(
    `INSERT INTO inbox_conversations (${CONVERSATION_COLUMNS})`,
    conversations[0]!.length,
    conversations,
    ` ON CONFLICT (id) DO UPDATE SET ${SETS}`,
  );
  insert(`INSERT INTO inbox_messages (${MESSAGE_COLUMNS})`, messages[0]!.length, messages);
  const created = dbTime(new Date().toISOString());
  insert(
    'INSERT INTO suite_bus_log (topic, event_key, id, value, created_at)',
    5,
    facts.map(({ id, key, value }) => [FLOOR_OUT, key, id, value, created]),
  );
  handOver.emit('facts', facts);
}

function work(): { startedMs: number; endedMs: number; messages: number } {
  const read = database.prepare(
    `SELECT n, event_key, value FROM suite_bus_log WHERE topic = ? AND n > ? ORDER BY n LIMIT ${AT_ONCE}`,
  );
  const startedMs = performance.now();
  let after = 0;
  let waiting: Envelope<MessageReceived>[] = [];
  for (;;) {
    const rows = read.all(FLOOR_IN, after) as { n: number; value: string }[];
    for (const { n, value } of rows) {
      after = n;
      waiting.push(JSON.parse(value) as Envelope<MessageReceived>);
    }
    if (rows.length === AT_ONCE && waiting.length < BATCH * TOGETHER) continue;
    while (waiting.length > 0 && (rows.length < AT_ONCE || waiting.length >= BATCH * TOGETHER)) {
      const together = waiting.slice(0, BATCH * TOGETHER);
      waiting = waiting.slice(BATCH * TOGETHER);
      database.exec('BEGIN IMMEDIATE');
      for (let from = 0; from < together.length; from += BATCH) handle(together.slice(from, from + BATCH));
      database.exec('COMMIT');
    }
    if (rows.length < AT_ONCE) break;
  }
  return { startedMs, endedMs: performance.now(), messages: handedOver };
}

serveNotes({ go: () => tell({ type: 'done', ...work() }) });
tell({ type: 'ready' });
