import { writeSync } from 'node:fs';
import { Checkpointer } from '../../sqlite/checkpointer';
import { SqliteConnection } from '../../sqlite/connection';
import { WriteLane } from '../../sqlite/lane';

/** Writes rows until it is killed, while the log is copied into the file again and again; says of each row that it is durable once it was told so. */
async function main(): Promise<void> {
  const file = process.argv[3]!;
  const connection = new SqliteConnection(file);
  for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'wal_autocheckpoint = 0'])
    connection.pragma(pragma);
  connection.exec('CREATE TABLE rows (n INTEGER PRIMARY KEY, filling TEXT)');
  const checkpointer = new Checkpointer(file, connection, 20);
  const lane = new WriteLane(connection, () => checkpointer.committed());
  for (let n = 0; ; n++) {
    await lane.submit((tx) => tx.execute('INSERT INTO rows VALUES (?, ?)', [n, 'x'.repeat(5_000)]));
    writeSync(1, `${n}\n`);
  }
}

void main();
