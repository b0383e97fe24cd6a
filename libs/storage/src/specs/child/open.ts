import { openDatabase } from '../../open';
import { SAMPLE } from '../sample';

/** Opens the database, which applies its schema, and ends: several of these at once must not get into each other's way. */
async function main(): Promise<void> {
  const storage = await openDatabase({ url: process.argv[3]!, dataDir: '.', prefix: 'sample', schemas: [SAMPLE] });
  await storage.close();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
