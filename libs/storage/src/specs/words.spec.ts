import * as fc from 'fast-check';
import { fromDbTime, fromDbTimeOrNull, toDbTime } from '../clock';
import { CommitLost, CommitUnknown, isDuplicateKey, isInfrastructureError, isRepeatable } from '../errors';
import { shardOf, SHARDS } from '../outbox/table-outbox';
import { renderSchema } from '../schema/render';
import { createTable } from '../table';
import { SAMPLE } from './sample';

test('a time goes to the database and comes back, and sorts as it did', () => {
  const time = fc.date({
    min: new Date('1000-01-01T00:00:00.000Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(time, time, (a, b) => {
      expect(fromDbTime(toDbTime(a))).toBe(a.toISOString());
      expect(toDbTime(a.toISOString())).toBe(toDbTime(a));
      expect(toDbTime(a) < toDbTime(b)).toBe(a < b);
    }),
  );
  expect(fromDbTime('2026-11-23 12:00:00')).toBe('2026-11-23T12:00:00.000Z');
  expect(fromDbTimeOrNull(null)).toBeNull();
});

test('a key keeps its shard', () => {
  expect(['routing', '01JD0000000000000000000000', ''].map(shardOf)).toEqual([9, 12, 5]);
  fc.assert(fc.property(fc.string(), (key) => shardOf(key) >= 0 && shardOf(key) < SHARDS));
});

test('a table is written in both dialects', () => {
  const table = {
    name: 't',
    columns: { id: { type: 'id' }, at: { type: 'time', nullable: true }, n: { type: 'int', default: 0 } },
    primary: ['id'],
    index: [['at']],
  } as const;
  expect(createTable('sqlite', table)).toEqual([
    'CREATE TABLE t (\n  id char(26) NOT NULL,\n  at datetime(3) NULL,\n  n integer NOT NULL DEFAULT 0,\n  PRIMARY KEY (id)\n)',
    'CREATE INDEX i_t_at ON t (at)',
  ]);
  expect(createTable('mysql', table)[0]).toContain('COLLATE=utf8mb4_bin');
});

test('the rendered schema names every step once, the same whatever the order of the modules', () => {
  const other = {
    prefix: 'other',
    steps: [{ id: '20261001-01-first', up: { sqlite: ['SELECT 1'], mysql: ['SELECT 1'] } }],
  };
  const text = renderSchema('sqlite', [SAMPLE, other]);
  expect(text).toBe(renderSchema('sqlite', [other, SAMPLE]));
  expect(text.indexOf('-- other: 20261001-01-first\nSELECT 1;\n')).toBeGreaterThan(0);
  expect(text.indexOf('CREATE TABLE sample_threads')).toBeGreaterThan(text.indexOf('other'));
});

describe('errors', () => {
  const error = (over: object): Error => Object.assign(new Error('of the driver'), over);

  test('a duplicate key is told apart, wrapped or not', () => {
    expect(isDuplicateKey(error({ code: 'ER_DUP_ENTRY', errno: 1062 }))).toBe(true);
    expect(isDuplicateKey(error({ code: 'SQLITE_CONSTRAINT_PRIMARYKEY', errcode: 1555 }))).toBe(true);
    expect(isDuplicateKey(error({ driverError: error({ code: 'SQLITE_CONSTRAINT_UNIQUE' }) }))).toBe(true);
    expect(isDuplicateKey(error({ code: 'SQLITE_CONSTRAINT_NOTNULL', errcode: 1299 }))).toBe(false);
    expect(isDuplicateKey('ER_DUP_ENTRY')).toBe(false);
  });

  test('trouble of the database is not trouble of what was asked', () => {
    for (const over of [
      { code: 'ECONNREFUSED' },
      { errno: 1205 },
      { errno: 1213 },
      { fatal: true },
      { errcode: 13 },
      { errcode: 261 },
      { message: 'Pool is closed.' },
    ]) {
      expect(isInfrastructureError(error(over))).toBe(true);
      expect(isInfrastructureError(new Error('wrapped', { cause: error(over) }))).toBe(true);
    }
    expect(isInfrastructureError(new CommitLost(error({})))).toBe(true);
    expect(isInfrastructureError(new CommitUnknown(error({})))).toBe(true);
    for (const over of [
      { errno: 1062, code: 'ER_DUP_ENTRY' },
      { errno: 1406 },
      { errcode: 1299 },
      { errcode: 1 },
      {},
    ]) {
      expect(isInfrastructureError(error(over))).toBe(false);
    }
    expect(isInfrastructureError(null)).toBe(false);
  });

  test('a deadlock may be repeated, a lost answer to a commit may not', () => {
    expect(isRepeatable(error({ errno: 1213 }))).toBe(true);
    expect(isRepeatable(error({ code: 'PROTOCOL_CONNECTION_LOST' }))).toBe(false);
  });
});
