import { writeSync } from 'node:fs';
import { openDatabase } from '../../open';
import { idOf, SAMPLE } from '../sample';

/** Writes pairs of rows until it is killed, and says of each pair that it is durable only once it was told so. */
async function main(): Promise<void> {
  const storage = await openDatabase({ url: process.argv[3]!, dataDir: '.', prefix: 'sample', schemas: [SAMPLE] });
  let next = 0;
  const writer = async (): Promise<void> => {
    for (;;) {
      const n = next++;
      await storage.database.transaction(async (tx) => {
        await tx.insertMany('sample_entries', ['id', 'thread_id', 'seq'], [[idOf('A', n), idOf('T', n), 1]]);
        await tx.insertMany('sample_entries', ['id', 'thread_id', 'seq'], [[idOf('B', n), idOf('T', n), 2]]);
      });
      writeSync(1, `${n}\n`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, writer));
}

void main();
