import type { Dialect } from '../database';
import type { SchemaModule } from '../migrations';
import { normalisedSchema } from '../schema/normalised';
import { createTables, extendIndex, type Table } from '../table';
import { makePlace, type Place } from './fixture';
import { ended, startChild } from './processes';

const first = createTables('20261110-01-more', [
  { name: 'sample_more', columns: { id: { type: 'id' } }, primary: ['id'] },
]);
const earlier = createTables('20261105-01-late', [
  { name: 'sample_late', columns: { id: { type: 'id' } }, primary: ['id'] },
]);
const moduleOf = (...steps: SchemaModule['steps']): SchemaModule => ({ prefix: 'sample', steps });

export function migrationsSuite(dialect: Dialect): void {
  describe(`schema steps on ${dialect}`, () => {
    let place: Place;
    beforeEach(async () => {
      place = await makePlace(dialect);
    });
    afterEach(() => place.remove());

    test('four processes that start at once apply each step once', async () => {
      const outcomes = await Promise.all(Array.from({ length: 4 }, () => ended(startChild('open', place.url))));
      expect(outcomes).toEqual(Array.from({ length: 4 }, () => ({ code: 0, complaints: '' })));
      const storage = await place.open();
      const applied = await storage.database.query<{ name: string }>(
        'SELECT name FROM huiliu_migrations ORDER BY name',
      );
      expect(applied.map((row) => row.name)).toEqual([
        'sample 20261101-01-sample 2026110101000',
        'sample 20261123-01-handled 2026112301000',
        'sample 20261123-01-leases 2026112301000',
        'sample 20261123-01-outbox 2026112301000',
        'sample 20261128-01-outbox 2026112801000',
      ]);
    });

    test('what is applied is left alone; what is missing is added, in the order of the days, later modules too', async () => {
      const storage = await place.open();
      expect(await storage.applySchemas([moduleOf(first, earlier)])).toEqual([
        'sample 20261105-01-late 2026110501000',
        'sample 20261110-01-more 2026111001000',
      ]);
      expect(await storage.applySchemas([moduleOf(first, earlier)])).toEqual([]);
      const tables = await normalisedSchema(storage.database);
      expect(tables.map((table) => table.name)).toEqual([
        'sample_entries',
        'sample_handled',
        'sample_late',
        'sample_leases',
        'sample_more',
        'sample_outbox',
        'sample_threads',
      ]);
    });

    test('an index of an earlier step gets more columns under its own name, where rows and who asks for it by that are there', async () => {
      const table: Table = {
        name: 'sample_indexed',
        columns: { id: { type: 'id' }, a: { type: 'int' } },
        primary: ['id'],
        index: [['a']],
      };
      const made = createTables('20261110-01-indexed', [table]);
      const storage = await place.open();
      await storage.applySchemas([moduleOf(made)]);
      const rows = [1, 2, 3].map((a) => [String(a).repeat(26), a]);
      await storage.database.transaction((tx) => tx.insertMany('sample_indexed', ['id', 'a'], rows));
      await storage.applySchemas([moduleOf(made, extendIndex('20261111-01-indexed', table, ['a'], ['id']))]);
      const found = (await normalisedSchema(storage.database)).find(({ name }) => name === 'sample_indexed');
      expect(found?.indexes).toEqual([{ name: 'i_sample_indexed_a', unique: false, columns: ['a', 'id'] }]);
      const by = dialect === 'mysql' ? 'FORCE INDEX (i_sample_indexed_a)' : 'INDEXED BY i_sample_indexed_a';
      const ids = await storage.database.query(`SELECT id FROM sample_indexed ${by} WHERE a > 1 ORDER BY a`);
      expect(ids.map(({ id }) => id)).toEqual(['2'.repeat(26), '3'.repeat(26)]);
    });

    test('a step that fails says so, and goes on where it stopped once it is mended', async () => {
      const storage = await place.open();
      const broken = {
        ...first,
        up: { sqlite: [...first.up.sqlite, 'CREATE TABEL oops'], mysql: [...first.up.mysql, 'CREATE TABEL oops'] },
      };
      await expect(storage.applySchemas([moduleOf(broken)])).rejects.toThrow(/syntax/i);
      expect(await storage.applySchemas([moduleOf(first)])).toHaveLength(1);
      expect((await normalisedSchema(storage.database)).map((table) => table.name)).toContain('sample_more');
    });

    test('a step needs a day and a number', async () => {
      const storage = await place.open();
      await expect(storage.applySchemas([moduleOf({ ...first, id: 'more' })])).rejects.toThrow('expected an id like');
    });
  });
}
