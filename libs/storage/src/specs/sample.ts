import type { SchemaModule } from '../migrations';
import { createTables } from '../table';

/** Conversations that count, and entries under them: enough to see order, duplicates and lost updates. */
export const SAMPLE: SchemaModule = {
  prefix: 'sample',
  steps: [
    createTables('20261101-01-sample', [
      {
        name: 'sample_threads',
        columns: { id: { type: 'id' }, last_seq: { type: 'int', default: 0 } },
        primary: ['id'],
      },
      {
        name: 'sample_entries',
        columns: {
          id: { type: 'id' },
          thread_id: { type: 'id' },
          seq: { type: 'int' },
          body: { type: 'text', nullable: true },
          at: { type: 'time', nullable: true },
        },
        primary: ['id'],
        unique: [['thread_id', 'seq']],
      },
    ]),
  ],
};

/** 26 letters that end in a number. */
export function idOf(kind: string, n: number): string {
  return `${kind.toUpperCase()}${String(n).padStart(26 - kind.length, '0')}`;
}
