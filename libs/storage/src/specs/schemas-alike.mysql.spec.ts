import * as fc from 'fast-check';
import type { SchemaModule } from '../migrations';
import { normalisedSchema, type NormalisedTable } from '../schema/normalised';
import { createTables, type Column, type ColumnType, type Table } from '../table';
import { makePlace, type Place } from './fixture';

const columnType: fc.Arbitrary<ColumnType> = fc.oneof(
  fc.constantFrom<ColumnType[]>('id', 'key43', 'text', 'int', 'big', 'bool', 'time'),
  fc.integer({ min: 1, max: 190 }).map((n): ColumnType => `str(${n})`),
);

function withDefault(type: ColumnType, nullable: boolean, wanted: boolean): Column {
  const byType =
    type === 'int' || type === 'big' || type === 'bool' ? 7 : type === 'text' || type === 'time' ? undefined : 'x';
  return wanted && byType !== undefined ? { type, nullable, default: byType } : { type, nullable };
}

/** A table with up to eight columns, a key of one or two of them (or a counter) and some indexes. */
const anyTable: fc.Arbitrary<Omit<Table, 'name'>> = fc
  .record({
    auto: fc.boolean(),
    columns: fc.array(fc.record({ type: columnType, nullable: fc.boolean(), wanted: fc.boolean() }), {
      minLength: 2,
      maxLength: 8,
    }),
    unique: fc.array(fc.nat(7), { maxLength: 2 }),
    index: fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 2 }),
  })
  .map(({ auto, columns, unique, index }) => {
    const names = columns.map((_, i) => `c${i}`);
    // Text cannot be in a key.
    const keyable = names.filter((_, i) => columns[i]!.type !== 'text');
    const at = (i: number): string[] => (keyable.length === 0 ? [] : [keyable[i % keyable.length]!]);
    const made: Record<string, Column> = auto ? { n: { type: 'big', auto: true } } : { id: { type: 'id' } };
    columns.forEach(({ type, nullable, wanted }, i) => (made[`c${i}`] = withDefault(type, nullable, wanted)));
    const lists = index.map(([a, b]) => [...new Set([...at(a), ...at(b)])]).filter((list) => list.length > 0);
    return {
      columns: made,
      primary: auto ? ['n'] : ['id'],
      unique: [...new Set(unique.flatMap(at))].map((name) => [name]),
      index: [...new Map(lists.map((list) => [list.join(), list])).values()],
    };
  });

describe('SQLite and MariaDB', () => {
  const places: Place[] = [];
  beforeAll(async () => {
    places.push(await makePlace('sqlite'), await makePlace('mysql'));
  });
  afterAll(() => Promise.all(places.map((place) => place.remove())));

  async function inBoth(modules: SchemaModule[]): Promise<[NormalisedTable[], NormalisedTable[]]> {
    const read = async (place: Place): Promise<NormalisedTable[]> => {
      const storage = await place.open({ schemas: modules });
      const tables = await normalisedSchema(storage.database);
      await storage.close();
      return tables;
    };
    return [await read(places[0]!), await read(places[1]!)];
  }

  test('the tables of this library are the same in both', async () => {
    const [sqlite, mysql] = await inBoth([]);
    expect(sqlite).toEqual(mysql);
    expect(mysql.find((table) => table.name === 'sample_outbox')).toEqual({
      name: 'sample_outbox',
      columns: [
        { name: 'n', type: 'integer', nullable: false, default: null },
        { name: 'id', type: 'char(26)', nullable: false, default: null },
        { name: 'topic', type: 'varchar(200)', nullable: false, default: null },
        { name: 'event_key', type: 'varchar(1100)', nullable: false, default: null },
        { name: 'shard', type: 'integer', nullable: false, default: null },
        { name: 'value', type: 'text', nullable: false, default: null },
        { name: 'created_at', type: 'datetime(3)', nullable: false, default: null },
      ],
      primary: ['n'],
      auto: true,
      indexes: [{ name: 'i_sample_outbox_shard_n', unique: false, columns: ['shard', 'n', 'id'] }],
    });
  });

  test('any table that can be written down is the same in both', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyTable, { minLength: 6, maxLength: 6 }), async (tables) => {
        run++;
        const named = tables.map((table, i) => ({ ...table, name: `any${run}_${i}` }));
        const [sqlite, mysql] = await inBoth([
          { prefix: `any${run}`, steps: [createTables('20261101-01-any', named)] },
        ]);
        expect(sqlite).toEqual(mysql);
        expect(mysql.filter((table) => table.name.startsWith(`any${run}_`))).toHaveLength(6);
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });
});
