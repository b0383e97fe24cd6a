import { openBusAt, topicOf, type Kind } from '../fixture';

/** Handles a topic slowly, on a bus that the test's process has opened before, until it is killed. */
async function main(): Promise<void> {
  const [kind, url, prefix, group, name, brokers] = process.argv.slice(3) as [
    Kind,
    string,
    string,
    string,
    string,
    string,
  ];
  const opened = await openBusAt(kind, url, prefix, brokers.split(','), {});
  const record = opened.recorder();
  opened.bus.subscribe(topicOf({ name, partitions: 2 }), { group, maxBatch: 10, lanes: 3 }, async (batch) => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    await record(batch);
  });
  await opened.bus.start();
  process.stdout.write('started\n');
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
