import { writeSync } from 'node:fs';
import { openBusAt, thing, topicOf } from '../fixture';

/** Publishes until it is killed, and says of each event that it is durable only once it was told so. */
async function main(): Promise<void> {
  const [url, prefix, name] = process.argv.slice(3) as [string, string, string];
  const opened = await openBusAt('embedded', url, prefix, [], {});
  const topic = topicOf({ name });
  let next = 0;
  const publisher = async (): Promise<void> => {
    for (;;) {
      const v = next++;
      await opened.bus.publish([thing(topic, `k${v % 7}`, v)]);
      writeSync(1, `${v}\n`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, publisher));
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
