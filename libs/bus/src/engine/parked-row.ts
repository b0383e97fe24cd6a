import type { DlqEntry } from '@huiliu/contracts';
import { hashParts, newId } from '@huiliu/platform';
import { fromDbTime, toDbTime, type Row, type SqlValue } from '@huiliu/storage';
import type { Entry } from './record';

/** Whose rows: one group's of one partition. */
export interface ParkedScope {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
}

export interface ParkedRow {
  readonly n: number;
  readonly id: string;
  readonly key: string | null;
  readonly offset: string;
  readonly eventId: string | null;
  readonly state: 'parked' | 'dead';
  readonly value: string | Uint8Array;
  readonly reason: string;
  readonly attempts: number;
  readonly announced: boolean;
  readonly replayed: boolean;
  readonly nextAtMs: number | null;
  readonly createdAt: string;
}

/** Why an entry is put aside, and what becomes of it. */
export interface Fate {
  readonly state: 'parked' | 'dead';
  readonly reason: string;
  readonly attempts: number;
  /** People are told of it. */
  readonly announced: boolean;
  readonly nextAt: Date | null;
}

export const PARKED_COLUMNS = [
  'id',
  'grp',
  'topic',
  'partition_no',
  'record_offset',
  'event_key',
  'key_hash',
  'event_id',
  'state',
  'value',
  'encoding',
  'reason',
  'attempts',
  'announced',
  'replayed',
  'next_at',
  'created_at',
];

/** Names a key in an index: keys are longer than an index takes. */
export const hashOfKey = (key: string): string => hashParts([key]).toString('base64url');

/** Stored text that gives the same bytes back. */
function encodeValue(value: string | Uint8Array | null): { value: string; encoding: string } {
  if (value === null) return { value: '', encoding: 'none' };
  if (typeof value === 'string') return { value, encoding: 'text' };
  return { value: Buffer.from(value).toString('base64'), encoding: 'base64' };
}

/** A row as it was read. */
export function toParkedRow(row: Row): ParkedRow {
  const value = String(row.value);
  return {
    n: Number(row.n),
    id: String(row.id),
    key: row.event_key === null ? null : String(row.event_key),
    offset: String(row.record_offset),
    eventId: row.event_id === null ? null : String(row.event_id),
    state: row.state === 'dead' ? 'dead' : 'parked',
    value: row.encoding === 'base64' ? Buffer.from(value, 'base64') : value,
    reason: String(row.reason),
    attempts: Number(row.attempts),
    announced: Number(row.announced) === 1,
    replayed: Number(row.replayed) === 1,
    nextAtMs: row.next_at === null ? null : Date.parse(fromDbTime(String(row.next_at))),
    createdAt: fromDbTime(String(row.created_at)),
  };
}

/** A new row for an entry: its values by `PARKED_COLUMNS`, and what people are told of it. */
export function newParkedRow(
  scope: ParkedScope,
  entry: Entry,
  fate: Fate,
  now: Date,
): { values: SqlValue[]; fact: DlqEntry } {
  const id = newId();
  const eventId = entry.delivery?.envelope.id ?? null;
  // A valid record is text: keep it readable; bytes that are no event are kept as they came.
  const raw = entry.record.value;
  const text =
    entry.defect === null && raw !== null && typeof raw !== 'string' ? Buffer.from(raw).toString('utf8') : raw;
  const stored = encodeValue(text);
  const values = [
    id,
    scope.group,
    scope.topic,
    scope.partition,
    entry.offset,
    entry.record.key,
    hashOfKey(entry.key),
    eventId,
    fate.state,
    stored.value,
    stored.encoding,
    fate.reason,
    fate.attempts,
    fate.announced ? 1 : 0,
    0,
    fate.nextAt && toDbTime(fate.nextAt),
    toDbTime(now),
  ];
  const place = { key: entry.record.key, offset: entry.offset, eventId };
  return {
    values,
    fact: {
      ...factBase(scope, place),
      id,
      reason: fate.reason,
      attempts: fate.attempts,
      state: fate.state,
      createdAt: now.toISOString(),
    },
  };
}

/** What people are told of a row after one more failure. */
export function factOfRow(scope: ParkedScope, row: ParkedRow, state: 'parked' | 'dead', reason: string): DlqEntry {
  return { ...factBase(scope, row), id: row.id, reason, attempts: row.attempts + 1, state, createdAt: row.createdAt };
}

function factBase(scope: ParkedScope, at: Pick<ParkedRow, 'key' | 'offset' | 'eventId'>) {
  const { group: consumer, topic, partition } = scope;
  return { topic, key: at.key, partition, offset: at.offset, consumer, eventId: at.eventId };
}
